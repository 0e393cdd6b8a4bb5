#pragma once

#include <filesystem>
#include <optional>

#include "cli/context.hpp"

namespace ziggy::app {

/// Makes SIGTERM and SIGINT wait for `serve`; call it before any thread is made, since threads
/// inherit it. A reader of stdout or stderr that goes away no longer ends the program.
void hold_stop_signals();

struct ServeOptions {
  /// `--chaos`: in place of the simulator, stand-ins for the vendors that fail as this script says.
  std::optional<std::filesystem::path> chaos = {};
};

/// The server: builds the rooms top to bottom, prints its URL as one line on stdout, runs until
/// SIGTERM or SIGINT and drains. Blocks. Errors: Configuration (settings, a port that is taken),
/// StorageUnavailable.
[[nodiscard]] Result<> serve(Context& context, ServeOptions options);

}  // namespace ziggy::app
