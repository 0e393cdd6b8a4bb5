#include "log_line.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ziggy/base/text.hpp"

namespace ziggy::log {

namespace {

constexpr std::string_view kMask = "***";

/// `2004-08-19T13:30:00.123456Z`. Lines come many a second: the part before the point is kept.
void append_time(std::string& out, Timestamp time) {
  constexpr std::size_t kToSecond = 19;
  thread_local std::int64_t kept_second = -1;
  thread_local char kept[kRfc3339Size];
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second.time_since_epoch().count() != kept_second) {
    write_rfc3339(kept, second, Subsecond::None);
    kept_second = second.time_since_epoch().count();
  }
  char text[] = "0000-00-00T00:00:00.000000Z";
  std::copy_n(kept, kToSecond, text);
  auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - second).count();
  for (std::size_t i = kToSecond + 6; i > kToSecond; --i) {
    text[i] = static_cast<char>('0' + micros % 10);
    micros /= 10;
  }
  out.append(text, sizeof text - 1);
}

/// Masked, then cut, then escaped: cut first, half a secret could stand at the end.
void append_text(std::string& out, std::string_view text, const Redactor& redactor) {
  if (redactor.touches(text)) [[unlikely]] {
    text::append_json_escaped(out, std::string_view{redactor.redact(text)}.substr(0, kTextSizeMax));
  } else {
    text::append_json_escaped(out, text.substr(0, kTextSizeMax));
  }
}

/// A field may not take the place of what every line has.
bool is_taken(std::string_view key, bool has_correlation_id) noexcept {
  switch (key.size()) {
    case 5:
      return key == "level";
    case 6:
      return key == "logger";
    case 7:
      return key == "message";
    case 9:
      return key == "timestamp";
    case 14:
      return has_correlation_id && key == "correlation_id";
    default:
      return false;
  }
}

void append_number(std::string& out, double number) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

template <class Whole>
void append_whole(std::string& out, Whole number) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

void append_json_value(std::string& out, const Field& field, const Redactor& redactor) {
  const Value::Any& value = field.value.get();
  if (const bool* flag = std::get_if<bool>(&value)) {
    out += *flag ? "true" : "false";
  } else if (is_secret_key(field.key)) {
    out += "\"***\"";
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    out += '"';
    append_text(out, *text, redactor);
    out += '"';
  } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    append_whole(out, *whole);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    append_whole(out, *natural);
  } else if (const double number = std::get<double>(value); std::isfinite(number)) {
    append_number(out, number);
  } else {
    out += "null";  // JSON has no NaN and no infinity.
  }
}

std::string_view level_colour(Level level) noexcept {
  switch (level) {
    case Level::Critical:
    case Level::Error:
      return "\x1b[31m";
    case Level::Warning:
      return "\x1b[33m";
    case Level::Info:
      return "\x1b[32m";
    default:
      return "\x1b[2m";
  }
}

}  // namespace

void append_json_line(std::string& out, const Event& event, const Redactor& redactor) {
  const std::size_t start = out.size();
  out += "{\"timestamp\":\"";
  append_time(out, event.time);
  out += "\",\"level\":\"";
  out += level_name(event.level);
  out += "\",\"logger\":\"";
  text::append_json_escaped(out, event.logger);
  out += "\",\"message\":\"";
  append_text(out, event.message, redactor);
  out += '"';
  if (!event.correlation_id.empty()) {
    out += ",\"correlation_id\":\"";
    append_text(out, event.correlation_id, redactor);
    out += '"';
  }
  for (const Field& field : event.fields) {
    if (out.size() - start > kLineSizeMax) {
      out += ",\"truncated\":true";
      break;
    }
    out += is_taken(field.key, !event.correlation_id.empty()) ? ",\"field_" : ",\"";
    append_text(out, field.key, redactor);
    out += "\":";
    append_json_value(out, field, redactor);
  }
  out += "}\n";
}

void append_console_line(std::string& out, const Event& event, const Redactor& redactor) {
  const std::size_t start = out.size();
  std::string time;
  append_time(time, event.time);
  out += time.substr(11, 12);
  out += ' ';
  out += level_colour(event.level);
  std::string level{level_name(event.level)};
  level.resize(8, ' ');
  out += level;
  out += "\x1b[0m ";
  text::append_json_escaped(out, event.logger);
  out += ": ";
  append_text(out, event.message, redactor);
  for (const Field& field : event.fields) {
    if (out.size() - start > kLineSizeMax) break;
    out += ' ';
    append_text(out, field.key, redactor);
    out += '=';
    const auto* text = std::get_if<std::string_view>(&field.value.get());
    // Plain words need no quotes.
    if (text != nullptr && !is_secret_key(field.key) && text->find(' ') == std::string_view::npos) {
      append_text(out, *text, redactor);
    } else if (is_secret_key(field.key) && text != nullptr) {
      out += kMask;
    } else {
      append_json_value(out, field, redactor);
    }
  }
  if (!event.correlation_id.empty()) {
    out += " [";
    append_text(out, event.correlation_id, redactor);
    out += ']';
  }
  out += '\n';
}

}  // namespace ziggy::log
