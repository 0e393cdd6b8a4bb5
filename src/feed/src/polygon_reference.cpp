#include <algorithm>

#include "polygon_parse.hpp"
#include "polygon_parse_inside.hpp"
#include "polygon_symbols.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::feed {
namespace {

std::optional<Timestamp> date_at(JsonValue row, std::string_view key) {
  const auto text = json_text(row, key);
  // A date alone: an ex-date has no time of day.
  if (!text || text->size() < 10) return std::nullopt;
  const auto time = parse_rfc3339(text->substr(0, 10));
  return time ? std::optional{*time} : std::nullopt;
}

std::optional<CorporateAction> read_split(JsonValue row) {
  const auto from = json_number(row, "split_from");
  const auto to = json_number(row, "split_to");
  const auto date = date_at(row, "execution_date");
  if (!date || !from || !to || !(*from > 0) || !(*to > 0)) return std::nullopt;
  return CorporateAction{
      .kind = CorporateAction::Kind::Split, .ex_date = *date, .value = *to / *from};
}

std::optional<CorporateAction> read_dividend(JsonValue row) {
  const auto cash = json_number(row, "cash_amount");
  const auto date = date_at(row, "ex_dividend_date");
  if (!date || !cash || !(*cash > 0)) return std::nullopt;
  return CorporateAction{.kind = CorporateAction::Kind::Dividend, .ex_date = *date, .value = *cash};
}

std::string_view asset_class(JsonValue row) {
  const std::string_view market = json_text(row, "market").value_or("");
  if (market == "crypto") return "crypto";
  if (market == "indices") return "index";
  if (market != "stocks" && market != "otc") return {};
  const std::string_view type = json_text(row, "type").value_or("");
  return type.starts_with("ET") ? "etf" : "equity";
}

}  // namespace

Result<PolygonActions> parse_polygon_actions(std::string_view body, const Symbol& symbol) {
  ZIGGY_TRY(document, open_polygon(body));
  ZIGGY_TRY(rows, polygon_results(document.root()));
  PolygonActions page;
  page.next = polygon_next(document.root());
  if (!rows) return page;
  const std::string ticker = to_polygon(symbol);
  for (const JsonValue row : *rows) {
    if (json_text(row, "ticker").value_or(ticker) != ticker) continue;
    auto action = read_split(row);
    if (!action) action = read_dividend(row);
    if (action) page.actions.push_back(*action);
  }
  return page;
}

Result<std::vector<SymbolInfo>> parse_polygon_tickers(std::string_view body) {
  ZIGGY_TRY(document, open_polygon(body));
  ZIGGY_TRY(rows, polygon_results(document.root()));
  std::vector<SymbolInfo> found;
  if (!rows) return found;
  for (const JsonValue row : *rows) {
    auto symbol = from_polygon(json_text(row, "ticker").value_or(""));
    if (!symbol) continue;
    found.push_back({.symbol = *symbol,
                     .name = std::string{json_text(row, "name").value_or("")},
                     .asset_class = asset_class(row)});
  }
  return found;
}

Result<PolygonNews> parse_polygon_news(std::string_view body, const Symbol& symbol) {
  ZIGGY_TRY(document, open_polygon(body));
  ZIGGY_TRY(rows, polygon_results(document.root()));
  PolygonNews page;
  page.next = polygon_next(document.root());
  if (!rows) return page;
  const std::string ticker = to_polygon(symbol);
  for (const JsonValue row : *rows) {
    const auto time = parse_rfc3339(json_text(row, "published_utc").value_or(""));
    const auto title = json_text(row, "title");
    if (!time || !title || title->empty()) continue;
    const auto tickers = json_array(row, "tickers");
    const bool is_about = !tickers || std::ranges::any_of(*tickers, [&](JsonValue each) {
      return json_text(each) == ticker;
    });
    if (is_about) {
      page.headlines.push_back({.symbol = symbol, .time = *time, .title = std::string{*title}});
    }
  }
  return page;
}

}  // namespace ziggy::feed
