#include "yahoo_search.hpp"

#include <algorithm>

#include "vendor_json.hpp"
#include "yahoo_errors.hpp"
#include "yahoo_symbols.hpp"

namespace ziggy::feed {
namespace {

// Names and titles for people; what is longer is no title.
constexpr std::size_t kTitleMax = 500;
constexpr std::size_t kHeadlinesMax = 1000;

std::string_view asset_class_of(std::string_view type) {
  if (type == "EQUITY") return "equity";
  if (type == "ETF") return "etf";
  if (type == "CRYPTOCURRENCY") return "crypto";
  if (type == "INDEX") return "index";
  return {};
}

Result<JsonDocument> parsed(std::string_view body) {
  ZIGGY_TRY(document, JsonDocument::parse("yahoo", body));
  if (auto error = yahoo_error_in(document.root(), "finance")) return fail(std::move(*error));
  if (!json_array(document.root(), "quotes") && !json_array(document.root(), "news")) {
    return fail(ErrorCode::BadPayload, "yahoo: an answer without search results");
  }
  return std::move(document);
}

// A headline of the market as a whole names nobody.
bool is_about(JsonValue story, Symbol symbol) {
  const auto tickers = json_array(story, "relatedTickers");
  if (!tickers || tickers->size() == 0) return true;
  return std::ranges::any_of(*tickers, [&](JsonValue ticker) {
    const auto text = json_text(ticker);
    return text && from_yahoo(*text) == symbol;
  });
}

}  // namespace

Result<std::vector<SymbolInfo>> parse_search(std::string_view body, std::size_t limit) {
  ZIGGY_TRY(document, parsed(body));
  std::vector<SymbolInfo> found;
  const auto quotes = json_array(document.root(), "quotes");
  if (!quotes) return found;
  for (const JsonValue quote : *quotes) {
    if (found.size() >= limit) break;
    const auto spelling = json_text(quote, "symbol");
    const auto symbol = spelling ? from_yahoo(*spelling) : std::nullopt;
    if (!symbol || json_bool(quote, "isYahooFinance") == false) continue;
    auto name = json_text(quote, "longname");
    if (!name) name = json_text(quote, "shortname");
    const std::string_view shown = name.value_or("").substr(0, kTitleMax);
    found.push_back({.symbol = *symbol,
                     .name = std::string{shown},
                     .asset_class = asset_class_of(json_text(quote, "quoteType").value_or(""))});
  }
  return found;
}

Result<std::vector<Headline>> parse_headlines(std::string_view body, Symbol symbol,
                                              TimeRange range) {
  ZIGGY_TRY(document, parsed(body));
  std::vector<Headline> headlines;
  const auto news = json_array(document.root(), "news");
  if (!news) return headlines;
  for (const JsonValue story : *news) {
    if (headlines.size() == kHeadlinesMax) break;
    const auto title = json_text(story, "title");
    const auto epoch = json_integer(story, "providerPublishTime");
    if (!title || title->empty() || !epoch || *epoch <= 0 || *epoch > 9'200'000'000) continue;
    const Timestamp time{std::chrono::seconds{*epoch}};
    if (time < range.start || time >= range.end || !is_about(story, symbol)) continue;
    headlines.push_back(
        {.symbol = symbol, .time = time, .title = std::string{title->substr(0, kTitleMax)}});
  }
  std::ranges::sort(headlines, std::ranges::less{}, &Headline::time);
  return headlines;
}

}  // namespace ziggy::feed
