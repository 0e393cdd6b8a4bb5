#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "ziggy/base/log.hpp"
#include "ziggy/base/redact.hpp"
#include "ziggy/base/time.hpp"

namespace ziggy::log {

/// All of one line but its form.
struct Event {
  Timestamp time;
  Level level = Level::Info;
  std::string_view logger;
  std::string_view message;
  /// Empty if there is no call.
  std::string_view correlation_id;
  std::initializer_list<Field> fields;
};

// A vendor's error page or a stack of JSON in a field would otherwise fill the buffers.
inline constexpr std::size_t kTextSizeMax = 8 * 1024;
// Past this a line takes no more fields and says `"truncated":true`.
inline constexpr std::size_t kLineSizeMax = 16 * 1024;

/// One JSON object and a newline: valid whatever the bytes, secrets masked.
void append_json_line(std::string& out, const Event& event, const Redactor& redactor);
/// For people at a terminal: the time of day in UTC, colours; the same escapes and masks.
void append_console_line(std::string& out, const Event& event, const Redactor& redactor);

}  // namespace ziggy::log
