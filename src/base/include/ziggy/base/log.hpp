#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/base/secret.hpp"

/// Events with fields, one JSON object a line on stderr (a human form on a terminal). The only
/// singleton of the program. Never blocks an event loop, never throws.
namespace ziggy::log {

enum class Level : std::uint8_t { Trace, Debug, Info, Warning, Error, Critical, Off };

/// "debug", "info", "warning" (or "warn"), … in any case. Errors: ValidationFailed.
[[nodiscard]] Result<Level> parse_level(std::string_view text);
[[nodiscard]] std::string_view level_name(Level level) noexcept;

/// A field's value; strings are views and need to live only during the call.
class Value {
 public:
  Value(std::string_view text) : value_{text} {}  // NOLINT(google-explicit-constructor)
  Value(const char* text)
      : value_{std::string_view{text}} {}  // NOLINT(google-explicit-constructor)
  Value(const std::string& text)
      : value_{std::string_view{text}} {}   // NOLINT(google-explicit-constructor)
  Value(bool flag) : value_{flag} {}        // NOLINT(google-explicit-constructor)
  Value(double number) : value_{number} {}  // NOLINT(google-explicit-constructor)
  template <class I>
    requires(std::is_integral_v<I> && !std::is_same_v<I, bool>)
  Value(I number)  // NOLINT(google-explicit-constructor)
      : value_{static_cast<std::conditional_t<std::is_signed_v<I>, std::int64_t, std::uint64_t>>(
            number)} {}

  using Any = std::variant<std::string_view, bool, double, std::int64_t, std::uint64_t>;
  [[nodiscard]] const Any& get() const noexcept { return value_; }

 private:
  Any value_;
};

struct Field {
  std::string_view key;
  Value value;
};

/// What the registry knows about one logger's name; never freed.
struct Channel {
  std::string name;
  /// The lowest level that is written.
  std::atomic<Level> threshold;
};

/// The voice of one part of the program; its name is the `logger` of each line and what LOG_LEVELS
/// names. Cheap to make and to keep as a namespace-scope constant: a line below the threshold costs
/// two loads.
class Logger {
 public:
  explicit constexpr Logger(std::string_view name) : name_{name} {}
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void debug(std::string_view message, std::initializer_list<Field> fields = {}) const {
    write(Level::Debug, nullptr, message, fields);
  }
  void info(std::string_view message, std::initializer_list<Field> fields = {}) const {
    write(Level::Info, nullptr, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<Field> fields = {}) const {
    write(Level::Warning, nullptr, message, fields);
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) const {
    write(Level::Error, nullptr, message, fields);
  }
  void info(const Call& call, std::string_view message,
            std::initializer_list<Field> fields = {}) const {
    write(Level::Info, &call, message, fields);
  }
  void warning(const Call& call, std::string_view message,
               std::initializer_list<Field> fields = {}) const {
    write(Level::Warning, &call, message, fields);
  }
  void error(const Call& call, std::string_view message,
             std::initializer_list<Field> fields = {}) const {
    write(Level::Error, &call, message, fields);
  }

  [[nodiscard]] bool enabled(Level level) const noexcept {
    const Channel* channel = channel_.load(std::memory_order_acquire);
    if (channel == nullptr) [[unlikely]]
      channel = find_channel();
    return level >= channel->threshold.load(std::memory_order_relaxed);
  }
  void write(Level level, const Call* call, std::string_view message,
             std::initializer_list<Field> fields) const noexcept {
    if (enabled(level)) append(level, call, message, fields);
  }

 private:
  const Channel* find_channel() const noexcept;
  void append(Level level, const Call* call, std::string_view message,
              std::initializer_list<Field> fields) const noexcept;

  std::string_view name_;
  // Looked up in the registry on first use: the registry is not there when constants are made.
  mutable std::atomic<const Channel*> channel_{nullptr};
};

enum class Format : std::uint8_t { Json, Console, /** Console on a terminal. */ Auto };

struct LogSettings {
  Level level = Level::Info;
  /// By logger's name; `net` is also for `net.http` if that is not named itself.
  std::map<std::string, Level> levels = {};
  Format format = Format::Auto;
  /// Never printed, wherever they turn up; see redact.hpp.
  std::vector<Secret> secrets = {};
  /// File descriptor of the lines.
  int output = 2;
  /// True for a server: callers only append to a bounded buffer of their thread, and one thread
  /// writes every ~15 ms, at once for warnings and worse. Lines of one thread keep their order;
  /// lines of several are in order of time only up to that interval. False: each line is written by
  /// its caller.
  bool background = false;
  /// Puts a pipe in place of stderr, so that what a library writes there becomes a line of ours
  /// (logger `stderr`). Only with `background`.
  bool capture_stderr = false;
};

struct LogStats {
  /// Lines that found a full buffer; reported in the log itself as `log_lines_dropped`.
  std::uint64_t dropped = 0;
};

/// From here on lines follow the settings; before, they are written one by one, information and
/// worse. May be called again. Installs handlers that write what is buffered when the process dies
/// of a fatal signal or an uncaught exception (`background` only).
void start(const LogSettings& settings);
/// Writes what is buffered and goes back to writing line by line.
void stop() noexcept;
/// Returns when every line so far has been handed to the operating system.
void flush() noexcept;
[[nodiscard]] LogStats stats() noexcept;

/// The text with every known secret, and all that looks like a credential, replaced by `***`. For
/// error bodies; log lines are redacted on their way out.
[[nodiscard]] std::string redact(std::string text);
/// Whether `redact` would change the text; allocates nothing.
[[nodiscard]] bool holds_secret(std::string_view text) noexcept;

}  // namespace ziggy::log
