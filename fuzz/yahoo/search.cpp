// Any bytes as Yahoo's search, as an error of Yahoo's, as a cookie and as a spelling of a symbol.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "yahoo_errors.hpp"
#include "yahoo_search.hpp"
#include "yahoo_session.hpp"
#include "yahoo_symbols.hpp"
#include "ziggy/base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto found = feed::parse_search(text, 5);
  ZIGGY_ASSERT(!found || found->size() <= 5);
  const auto news =
      feed::parse_headlines(text, *Symbol::parse("AAPL"), {Timestamp::min(), Timestamp::max()});
  ZIGGY_ASSERT(news.has_value() == found.has_value());
  (void)feed::refine_yahoo({.status = 400, .message = feed::vendor_message(text), .body = text});
  std::map<std::string, std::string> jar;
  feed::keep_cookie(jar, text, "");
  if (const auto symbol = feed::from_yahoo(text.substr(0, 30))) {
    ZIGGY_ASSERT(feed::from_yahoo(feed::to_yahoo(*symbol)).has_value());
  }
  return 0;
}
