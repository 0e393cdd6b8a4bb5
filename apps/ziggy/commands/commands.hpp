#pragma once

#include "cli/runner.hpp"

/// Every command, in the order of `ziggy --help`. A new one is a file here, a declaration below,
/// its line in add_commands and its file in CMakeLists.txt.
namespace ziggy::app {

void add_backtest_command(CLI::App& app, Runner& runner);
void add_config_command(CLI::App& app, Runner& runner);
void add_export_command(CLI::App& app, Runner& runner);
void add_fetch_command(CLI::App& app, Runner& runner);
void add_import_command(CLI::App& app, Runner& runner);
void add_db_command(CLI::App& app, Runner& runner);
void add_migrate_command(CLI::App& app, Runner& runner);
void add_health_command(CLI::App& app, Runner& runner);
void add_openapi_command(CLI::App& app, Runner& runner);
void add_serve_command(CLI::App& app, Runner& runner);
void add_version_command(CLI::App& app, Runner& runner);

inline void add_commands(CLI::App& app, Runner& runner) {
  add_serve_command(app, runner);
  add_backtest_command(app, runner);
  add_config_command(app, runner);
  add_fetch_command(app, runner);
  add_import_command(app, runner);
  add_export_command(app, runner);
  add_migrate_command(app, runner);
  add_db_command(app, runner);
  add_health_command(app, runner);
  add_openapi_command(app, runner);
  add_version_command(app, runner);
}

}  // namespace ziggy::app
