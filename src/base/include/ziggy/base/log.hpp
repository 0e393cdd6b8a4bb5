#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "ziggy/base/call.hpp"
#include "ziggy/base/result.hpp"

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
  Value(I number)
      : value_{static_cast<std::int64_t>(number)} {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const std::variant<std::string_view, bool, double, std::int64_t>& get() const {
    return value_;
  }

 private:
  std::variant<std::string_view, bool, double, std::int64_t> value_;
};

struct Field {
  std::string_view key;
  Value value;
};

/// The voice of one part of the program; its name is the `logger` of each line and what LOG_LEVELS
/// names. Cheap to make and to keep as a namespace-scope constant.
class Logger {
 public:
  explicit constexpr Logger(std::string_view name) : name_{name} {}

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

  [[nodiscard]] bool enabled(Level level) const noexcept;
  void write(Level level, const Call* call, std::string_view message,
             std::initializer_list<Field> fields) const noexcept;

 private:
  std::string_view name_;
};

/// The text with every known secret value replaced by `***`. For error bodies; log lines are
/// redacted on their way out.
[[nodiscard]] std::string redact(std::string text);

/// Writes what is buffered and goes back to writing line by line.
void stop() noexcept;

}  // namespace ziggy::log
