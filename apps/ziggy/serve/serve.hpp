#pragma once

#include "cli/context.hpp"

namespace ziggy::app {

/// Makes SIGTERM and SIGINT wait for `serve`; call it before any thread is made, since threads
/// inherit it. A reader of stdout or stderr that goes away no longer ends the program.
void hold_stop_signals();

/// The server: builds the rooms top to bottom, prints its URL as one line on stdout, runs until
/// SIGTERM or SIGINT and drains. Blocks. Errors: Configuration (settings, a port that is taken),
/// StorageUnavailable.
[[nodiscard]] Result<> serve(Context& context);

}  // namespace ziggy::app
