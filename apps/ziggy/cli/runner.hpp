#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "cli/context.hpp"

namespace ziggy::app {

/// Parses the command line, runs the chosen command and turns its Result into the exit code:
/// 0 done, 1 failed (one line on stderr), 2 usage.
///
/// A command registers itself:
/// ```
/// void add_greet_command(CLI::App& app, Runner& runner) {
///   struct Options { std::string name; };
///   const auto options = std::make_shared<Options>();
///   CLI::App& command = *app.add_subcommand("greet", "Says hello");
///   command.add_option("name", options->name, "Whom to greet")->required();
///   runner.on(command, [options](Context& context) -> Result<> {
///     context.print("hello {}\n", options->name);
///     return {};
///   });
/// }
/// ```
class Runner {
 public:
  using Action = std::function<Result<>(Context&)>;

  /// Adds the options that every command has; commands come afterwards, so that they inherit them.
  explicit Runner(CLI::App& app);

  /// What happens when `command` is the one that was typed.
  void on(CLI::App& command, Action action);
  /// An option that is the strongest source of a setting: `setting(command, "--port", "API_PORT",
  /// …)`.
  void setting(CLI::App& command, const std::string& option, std::string name,
               const std::string& help);

  [[nodiscard]] int run(int argc, char** argv);

  /// What the options of settings, `--config` and `--set` said so far.
  [[nodiscard]] config::CommandLine& command_line() noexcept { return command_line_; }

 private:
  CLI::App& app_;
  config::CommandLine command_line_;
  Action chosen_;
};

}  // namespace ziggy::app
