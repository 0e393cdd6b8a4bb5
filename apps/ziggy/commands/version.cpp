#include "commands/commands.hpp"

namespace ziggy::app {

void add_version_command(CLI::App& app, Runner& runner) {
  CLI::App& command = *app.add_subcommand("version", "Prints the version");
  runner.on(command, [](Context& context) -> Result<> {
    context.print("ziggy " ZIGGY_VERSION "\n");
    return {};
  });
}

}  // namespace ziggy::app
