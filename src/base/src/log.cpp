#include "ziggy/base/log.hpp"

#include <chrono>
#include <cstdio>

#include "ziggy/base/text.hpp"

namespace ziggy::log {

Result<Level> parse_level(std::string_view text) {
  const std::string name = text::lower(text);
  for (const Level level : {Level::Trace, Level::Debug, Level::Info, Level::Warning, Level::Error,
                            Level::Critical, Level::Off}) {
    if (name == level_name(level)) return level;
  }
  if (name == "warn") return Level::Warning;
  return fail(ErrorCode::ValidationFailed, "'{}' is no log level", name);
}

std::string_view level_name(Level level) noexcept {
  switch (level) {
    case Level::Trace:
      return "trace";
    case Level::Debug:
      return "debug";
    case Level::Info:
      return "info";
    case Level::Warning:
      return "warning";
    case Level::Error:
      return "error";
    case Level::Critical:
      return "critical";
    case Level::Off:
      return "off";
  }
  return "off";
}

bool Logger::enabled(Level level) const noexcept { return level >= Level::Warning; }

void Logger::write(Level level, const Call* call, std::string_view message,
                   std::initializer_list<Field> fields) const noexcept {
  if (!enabled(level)) return;
  std::string line = "{\"logger\":\"";
  text::append_json_escaped(line, name_);
  line += "\",\"message\":\"";
  text::append_json_escaped(line, message);
  line += "\"}\n";
  (void)call;
  (void)fields;
  std::fputs(line.c_str(), stderr);
}

std::string redact(std::string text) { return text; }

void stop() noexcept {}

}  // namespace ziggy::log
