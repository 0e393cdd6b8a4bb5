#include <memory>

#include "commands/commands.hpp"
#include "ziggy/config/show.hpp"

namespace ziggy::app {

void add_config_command(CLI::App& app, Runner& runner) {
  CLI::App& config = *app.add_subcommand("config", "Shows and checks the settings");
  config.require_subcommand(1);

  CLI::App& show = *config.add_subcommand(
      "show", "Prints every setting, secrets masked, and where its value came from");
  const auto json = std::make_shared<bool>(false);
  show.add_flag("--json", *json, "One JSON document");
  runner.on(show, [json](Context& context) -> Result<> {
    ZIGGY_TRY(loaded, context.load_settings());
    context.print(
        std::string_view{*json ? config::show_json(*loaded) : config::show_table(*loaded)});
    return {};
  });

  CLI::App& check = *config.add_subcommand(
      "check", "Says whether the server would start with these settings, naming every problem");
  runner.on(check, [](Context& context) -> Result<> {
    ZIGGY_TRY(loaded, context.load_settings());
    context.print("the settings are good ({} warning{})\n", loaded->warnings.size(),
                  loaded->warnings.size() == 1 ? "" : "s");
    return {};
  });
}

}  // namespace ziggy::app
