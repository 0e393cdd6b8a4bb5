#pragma once

#include <fmt/core.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/config/load.hpp"

namespace ziggy::app {

/// What every command gets: the settings, the clock and the way out. Results go to stdout through
/// `print`, everything else to stderr through the log; a failed command returns its Error, which
/// the runner prints as one line.
class Context {
 public:
  /// Who is asking decides how talkative the log is when LOG_LEVEL is not set: a command says
  /// warnings and worse, so that people see their result; a server says info.
  enum class Voice { Command, Server };

  explicit Context(config::CommandLine command_line) : command_line_{std::move(command_line)} {}

  /// Reads the settings on first use and starts the log with them; the same object afterwards.
  /// Warnings about them (unknown keys) are logged. Errors: Configuration, naming every problem.
  [[nodiscard]] Result<const config::Loaded*> load_settings(Voice voice = Voice::Command);
  /// The same, for those who need only the values.
  [[nodiscard]] Result<const config::Settings*> settings(Voice voice = Voice::Command);

  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  /// The files that lie beside the program (samples, migrations, the page): `share` beside the
  /// executable, or beside its folder.
  [[nodiscard]] static std::filesystem::path share_dir();

  /// Writes to stdout as it is. A reader that went away ends the program, as `head` expects.
  static void print(std::string_view text);
  template <class... Arguments>
  static void print(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    print(std::string_view{fmt::format(format, std::forward<Arguments>(arguments)...)});
  }
  /// Whether a person reads stderr: progress bars there, plain lines elsewhere.
  [[nodiscard]] static bool stderr_is_terminal() noexcept;

 private:
  SystemClock clock_;
  config::CommandLine command_line_;
  std::optional<config::Loaded> loaded_;
};

}  // namespace ziggy::app
