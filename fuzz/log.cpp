#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "log_line.hpp"

// What strangers send ends up in log lines: any bytes as message, key, value and correlation id
// give one line without control characters in which a known secret does not stand.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  constexpr std::string_view kSecret = "q8Zr2LxW\"5tYv9";
  static const Redactor redactor{std::vector{Secret{std::string{kSecret}}}};
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const std::string_view head = text.substr(0, size / 2);
  const std::string joined = std::string{head} + std::string{kSecret} + std::string{text};
  const log::Event event{Timestamp{}, log::Level::Info,
                         "fuzz",      text,
                         head,        {{"value", joined}, {head, "x"}, {"n", size}}};
  for (const auto append : {log::append_json_line, log::append_console_line}) {
    std::string line;
    append(line, event, redactor);
    if (line.empty() || line.back() != '\n') std::abort();
    line.pop_back();
    for (const char c : line) {
      // The colours of the console form begin with an escape.
      if (static_cast<unsigned char>(c) < 0x20 && c != '\x1b') std::abort();
    }
    if (line.find(kSecret) != std::string::npos) std::abort();
  }
  return 0;
}
