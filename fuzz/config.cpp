#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ziggy/config/load.hpp"
#include "ziggy/config/show.hpp"

// Everything that people write: `ziggy.toml`, `.env`, and a variable's name and text, cut apart at
// bytes of 0xff. Whatever it is, it loads or is refused with reasons; a known secret never shows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  const auto part = [&rest] {
    const std::size_t end = rest.find('\xff');
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return std::string{text};
  };
  constexpr std::string_view kSecret = "q8Zr2LxW5tYv9BnM3kPd7HsJ4gFc6AeU";
  ziggy::config::Sources sources;
  sources.toml = ziggy::config::TextFile{"ziggy.toml", part()};
  sources.dotenv = ziggy::config::TextFile{".env", part()};
  const std::string name = part();
  sources.command_line.emplace_back(name, part());
  const std::string variable = part();
  sources.environment.emplace_back(variable, part());
  sources.environment.emplace_back("SECRET_KEY", kSecret);
  sources.environment.emplace_back("OPENAI_MODEL", kSecret);
  const auto loaded = ziggy::config::load(sources);
  if (!loaded) {
    if (loaded.error().fields().empty()) std::abort();
    if (loaded.error().detail().find(kSecret) != std::string::npos) std::abort();
    return 0;
  }
  const std::string shown = show_table(*loaded) + show_json(*loaded);
  if (shown.find(kSecret) != std::string::npos) std::abort();
  return 0;
}
