#include "cli/runner.hpp"

#include <exception>
#include <utility>

#include "ziggy/base/log.hpp"

namespace ziggy::app {

namespace {

constexpr log::Logger kLog{"ziggy"};

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

void add_global_options(CLI::App& app, Runner& runner) {
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.footer(
      "Settings come from defaults, ziggy.toml, .env, the environment and the command line, in "
      "this order; `ziggy config show` prints them.\nExit codes: 0 done, 1 failed, 2 usage.");
  app.set_version_flag("--version", "ziggy " ZIGGY_VERSION);
  app.add_option_function<std::string>(
      "--config", [&runner](const std::string& path) { runner.command_line().config_file = path; },
      "Settings file (default: ziggy.toml here, if there is one)");
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&runner](const std::vector<std::string>& pairs) {
           for (const std::string& pair : pairs) {
             const std::size_t at = pair.find('=');
             if (at == std::string::npos || at == 0) {
               throw CLI::ValidationError("--set",
                                          "'" + pair.substr(0, at) + "' is not NAME=VALUE");
             }
             runner.command_line().settings.emplace_back(pair.substr(0, at), pair.substr(at + 1));
           }
         },
         "NAME=VALUE: any setting, stronger than file and environment (not for secrets)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  runner.setting(app, "--data-dir", "DATA_DIR", "Folder of the database and of files");
  runner.setting(app, "--log-level", "LOG_LEVEL", "trace, debug, info, warning, error or critical");
}

}  // namespace

Runner::Runner(CLI::App& app) : app_{app} { add_global_options(app, *this); }

void Runner::on(CLI::App& command, Action action) {
  command.callback([this, action = std::move(action)] { chosen_ = action; });
}

void Runner::setting(CLI::App& command, const std::string& option, std::string name,
                     const std::string& help) {
  command.add_option_function<std::string>(
      option,
      [this, name = std::move(name)](const std::string& text) {
        command_line_.settings.emplace_back(name, text);
      },
      help);
}

int Runner::run(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app_.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    kLog.error(wrong.what(), {{"help", "ziggy --help"}});
    return kUsage;
  }
  if (!chosen_) {
    Context::print(app_.help());
    return kUsage;
  }
  Context context{command_line_};
  int code = kDone;
  try {
    const Result<> result = chosen_(context);
    if (!result) {
      kLog.error(result.error().detail(), {{"code", code_name(result.error().code())}});
      code = kFailed;
    }
  } catch (const std::exception& escaped) {
    kLog.error(escaped.what(), {{"code", code_name(ErrorCode::Internal)}});
    code = kFailed;
  }
  log::stop();
  return code;
}

}  // namespace ziggy::app
