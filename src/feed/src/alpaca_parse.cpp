#include "alpaca_parse.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "polygon_symbols.hpp"
#include "vendor_json.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::feed {
namespace {

// Tokens of the recordings are below 100 bytes.
constexpr std::size_t kTokenMax = 1024;

std::optional<Bar> read_bar(JsonValue row, Interval interval, AssetKind kind) {
  const auto time = json_text(row, "t");
  const auto open = json_number(row, "o");
  const auto high = json_number(row, "h");
  const auto low = json_number(row, "l");
  const auto close = json_number(row, "c");
  const auto volume = json_number(row, "v");
  if (!time || !open || !high || !low || !close || !volume) return std::nullopt;
  const auto start = parse_rfc3339(*time);
  if (!start) return std::nullopt;
  return Bar{.time = canonical_bar_time(*start, interval, kind),
             .open = *open,
             .high = *high,
             .low = *low,
             .close = *close,
             .volume = *volume};
}

void read_rows(JsonValue rows, const Symbol& symbol, Interval interval, VendorBars& page) {
  const auto take = [&](JsonValue row) {
    if (const auto bar = read_bar(row, interval, symbol.kind())) {
      page.bars.push_back(*bar);
    } else {
      ++page.dropped;
    }
  };
  const auto array = json_array(rows);
  if (!array) return take(rows);
  page.bars.reserve(array->size());
  for (const JsonValue row : *array) take(row);
  page.is_ascending = order_ascending(page.bars);
}

std::string next_token(JsonValue root) {
  const std::string_view token = json_text(root, "next_page_token").value_or("");
  return token.size() > kTokenMax ? std::string{} : std::string{token};
}

std::optional<Timestamp> date_at(JsonValue row, std::string_view key) {
  const auto text = json_text(row, key);
  if (!text || text->size() < 10) return std::nullopt;
  const auto time = parse_rfc3339(text->substr(0, 10));
  return time ? std::optional{*time} : std::nullopt;
}

// Numbers, and the same as text: the trading API writes money so.
std::optional<double> amount(JsonValue row, std::string_view key) {
  if (const auto number = json_number(row, key)) return number;
  const auto text = json_text(row, key);
  return text ? text::parse_double(*text) : std::nullopt;
}

std::optional<CorporateAction> read_split(JsonValue row, double ratio) {
  auto date = date_at(row, "ex_date");
  if (!date) date = date_at(row, "effective_date");
  // 1 for 1 is a new name, no split.
  if (!date || !(ratio > 0) || ratio == 1) return std::nullopt;
  return CorporateAction{.kind = CorporateAction::Kind::Split, .ex_date = *date, .value = ratio};
}

std::optional<CorporateAction> read_action(std::string_view group, JsonValue row) {
  const double rate = amount(row, "rate").value_or(0);
  if (group == "cash_dividends") {
    const auto date = date_at(row, "ex_date");
    if (!date || !(rate > 0)) return std::nullopt;
    return CorporateAction{
        .kind = CorporateAction::Kind::Dividend, .ex_date = *date, .value = rate};
  }
  // Five new shares on a hundred old ones: 1.05 for 1.
  if (group == "stock_dividends") return read_split(row, rate > 0 ? 1 + rate : 0);
  const double after = amount(row, "new_rate").value_or(0);
  const double before = amount(row, "old_rate").value_or(0);
  return read_split(row, before > 0 ? after / before : 0);
}

// The newsroom's HTML, as far as headlines have it.
std::string without_entities(std::string_view text) {
  static constexpr std::array kEntities = {
      std::pair{std::string_view{"&amp;"}, '&'},  std::pair{std::string_view{"&#39;"}, '\''},
      std::pair{std::string_view{"&quot;"}, '"'}, std::pair{std::string_view{"&#34;"}, '"'},
      std::pair{std::string_view{"&lt;"}, '<'},   std::pair{std::string_view{"&gt;"}, '>'},
      std::pair{std::string_view{"&nbsp;"}, ' '}};
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto* const entity = std::ranges::find_if(
        kEntities, [&](const auto& each) { return text.starts_with(each.first); });
    if (entity != kEntities.end()) {
      out += entity->second;
      text.remove_prefix(entity->first.size());
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

std::string to_alpaca(const Symbol& symbol) {
  std::string text{symbol.view()};
  if (symbol.kind() == AssetKind::Crypto) text[text.find('-')] = '/';
  return text;
}

Result<Symbol> from_alpaca(std::string_view symbol) {
  std::string text{symbol.substr(0, Symbol::kSizeMax + 1)};
  std::ranges::replace(text, '/', '-');
  return Symbol::parse(text);
}

Result<VendorBars> parse_alpaca_bars(std::string_view body, const Symbol& symbol,
                                     Interval interval) {
  ZIGGY_TRY(document, JsonDocument::parse("alpaca", body));
  const JsonValue root = document.root();
  VendorBars page;
  page.next = next_token(root);
  const std::string name = to_alpaca(symbol);
  simdjson::dom::object object;
  if (root.get_object().get(object) != simdjson::SUCCESS) {
    return fail(ErrorCode::BadPayload, "alpaca: an answer without bars");
  }
  if (const auto other = json_text(root, "symbol"); other && *other != name) {
    return fail(ErrorCode::BadPayload, "alpaca: asked for {}, told about {}", name,
                other->substr(0, Symbol::kSizeMax));
  }
  std::optional<JsonValue> bars = json_member(root, "bars");
  if (!bars) bars = json_member(root, "bar");
  if (!bars) {
    JsonValue absent;
    // "bars": null is how a single symbol without bars is told.
    if (object.at_key("bars").get(absent) == simdjson::SUCCESS) return page;
    return fail(ErrorCode::BadPayload, "alpaca: an answer without bars");
  }
  if (bars->is_array() || json_member(*bars, "t")) {
    read_rows(*bars, symbol, interval, page);
    return page;
  }
  simdjson::dom::object by_symbol;
  if (bars->get_object().get(by_symbol) != simdjson::SUCCESS) {
    return fail(ErrorCode::BadPayload, "alpaca: bars of another shape");
  }
  if (const auto rows = json_member(*bars, name)) {
    read_rows(*rows, symbol, interval, page);
  } else if (by_symbol.size() > 0 && by_symbol.at_key(name).error() != simdjson::SUCCESS) {
    return fail(ErrorCode::BadPayload, "alpaca: asked for {}, told about others", name);
  }
  return page;
}

Result<AlpacaActions> parse_alpaca_actions(std::string_view body, const Symbol& symbol) {
  static constexpr std::array<std::string_view, 5> kGroups = {
      "forward_splits", "reverse_splits", "unit_splits", "stock_dividends", "cash_dividends"};
  ZIGGY_TRY(document, JsonDocument::parse("alpaca", body));
  const JsonValue root = document.root();
  const auto groups = json_member(root, "corporate_actions");
  AlpacaActions page;
  page.next = next_token(root);
  if (!root.is_object() || (groups && !groups->is_object())) {
    return fail(ErrorCode::BadPayload, "alpaca: an answer without corporate actions");
  }
  if (!groups) return page;
  const std::string name = to_alpaca(symbol);
  for (const std::string_view group : kGroups) {
    const auto rows = json_array(*groups, group);
    if (!rows) continue;
    for (const JsonValue row : *rows) {
      auto about = json_text(row, "symbol");
      if (!about) about = json_text(row, "new_symbol");
      if (about != name) continue;
      if (const auto action = read_action(group, row)) page.actions.push_back(*action);
    }
  }
  return page;
}

Result<AlpacaNews> parse_alpaca_news(std::string_view body, const Symbol& symbol) {
  ZIGGY_TRY(document, JsonDocument::parse("alpaca", body));
  const JsonValue root = document.root();
  const auto rows = json_array(root, "news");
  if (!rows && !json_member(root, "next_page_token") && !root.is_object()) {
    return fail(ErrorCode::BadPayload, "alpaca: an answer without news");
  }
  AlpacaNews page;
  page.next = next_token(root);
  if (!rows) return page;
  std::string joined{symbol.view()};
  if (symbol.is_crypto()) std::erase(joined, '-');
  const std::string name = to_alpaca(symbol);
  for (const JsonValue row : *rows) {
    auto time = parse_rfc3339(json_text(row, "created_at").value_or(""));
    const auto title = json_text(row, "headline");
    if (!time || !title || title->empty()) continue;
    const auto symbols = json_array(row, "symbols");
    const bool is_about = !symbols || std::ranges::any_of(*symbols, [&](JsonValue each) {
      const auto text = json_text(each);
      return text == name || text == joined;
    });
    if (is_about) {
      page.headlines.push_back(
          {.symbol = symbol, .time = *time, .title = without_entities(*title)});
    }
  }
  return page;
}

std::size_t named_symbol(std::string_view message, std::span<const Symbol> symbols) {
  const auto is_part = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view{".-/"}.contains(c);
  };
  std::size_t at = 0;
  while (at < message.size()) {
    std::size_t end = at;
    while (end < message.size() && is_part(message[end])) ++end;
    const std::string_view word = message.substr(at, end - at);
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      if (!word.empty() && word == to_alpaca(symbols[i])) return i;
    }
    at = end + 1;
  }
  return symbols.size();
}

}  // namespace ziggy::feed
