#include "serve/serve.hpp"

#include "commands/commands.hpp"

namespace ziggy::app {

void add_serve_command(CLI::App& app, Runner& runner) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App& command =
      *app.add_subcommand("serve", "Runs the server until SIGTERM or Ctrl-C; prints its URL");
  CLI::Option* const demo = command.add_flag_function(
      "--demo", [&runner](std::int64_t) { runner.command_line().demo = true; },
      "Simulated market and bundled S&P 500 history (SPX): no keys, no network");
  runner.setting(command, "--host", "API_HOST", "Address to listen on");
  runner.setting(command, "--port", "API_PORT", "Port to listen on; 0 takes a free one");
  command
      .add_option("--chaos", options->chaos,
                  "With --demo: vendors are stand-ins that fail as this script (JSON) says")
      ->option_text("FILE")
      ->needs(demo);
  runner.on(command, [options](Context& context) -> Result<> {
    hold_stop_signals();
    return serve(context, *options);
  });
}

}  // namespace ziggy::app
