#include "polygon_parse.hpp"

#include <algorithm>

#include "polygon_parse_inside.hpp"
#include "polygon_symbols.hpp"
#include "vendor_client.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::feed {
namespace {

// Cursors of the recordings are 250 bytes.
constexpr std::size_t kNextMax = 4096;

bool says(std::string_view text, std::string_view what) { return text::lower(text).contains(what); }

// A bar without a volume is half of one, unless the thing has none to trade.
bool has_volume(AssetKind kind) { return kind == AssetKind::Share || kind == AssetKind::Crypto; }

std::optional<Bar> read_bar(JsonValue row, Interval interval, AssetKind kind) {
  const auto time = json_integer(row, "t");
  const auto open = json_number(row, "o");
  const auto high = json_number(row, "h");
  const auto low = json_number(row, "l");
  const auto close = json_number(row, "c");
  const auto volume = json_number(row, "v");
  const auto start = time ? instant_from_epoch(*time) : std::nullopt;
  if (!start || !open || !high || !low || !close) return std::nullopt;
  if (!volume && has_volume(kind)) return std::nullopt;
  return Bar{.time = canonical_bar_time(*start, interval, kind),
             .open = *open,
             .high = *high,
             .low = *low,
             .close = *close,
             .volume = volume.value_or(0)};
}

// /v1/open-close spells the one bar of its date out.
std::optional<Bar> read_open_close(JsonValue root) {
  const auto date = parse_rfc3339(json_text(root, "from").value_or(""));
  const auto open = json_number(root, "open");
  const auto high = json_number(root, "high");
  const auto low = json_number(root, "low");
  const auto close = json_number(root, "close");
  if (!date || !open || !high || !low || !close) return std::nullopt;
  return Bar{.time = Timestamp{date_of(*date)},
             .open = *open,
             .high = *high,
             .low = *low,
             .close = *close,
             .volume = json_number(root, "volume").value_or(0)};
}

}  // namespace

Result<JsonDocument> open_polygon(std::string_view body) {
  auto document = JsonDocument::parse("polygon", body);
  if (!document) return document;
  const JsonValue root = document->root();
  const std::string status = text::upper(json_text(root, "status").value_or(""));
  if (status.empty() || status == "OK" || status == "DELAYED" || status == "SUCCESS") {
    return document;
  }
  const std::string said = vendor_message(body).substr(0, kVendorMessageMax);
  const auto refuse = [&](ErrorCode code) {
    return Error{code, fmt::format("polygon: {}: {}", status.substr(0, 40), said)};
  };
  if (status == "NOT_AUTHORIZED" || status == "NOT_ENTITLED") {
    return fail(refuse(ErrorCode::NotEntitled));
  }
  if (status == "NOT_FOUND") return fail(refuse(ErrorCode::UnknownSymbol));
  if (says(said, "exceeded the maximum requests")) {
    return fail(refuse(ErrorCode::ProviderQuota).with_retry_after(kRetryAfterDefault));
  }
  if (says(said, "api key")) return fail(refuse(ErrorCode::CredentialsRejected));
  return fail(refuse(ErrorCode::BadPayload));
}

Result<std::optional<simdjson::dom::array>> polygon_results(JsonValue root) {
  if (auto rows = json_array(root, "results")) return rows;
  const bool is_empty = !json_member(root, "results") &&
                        (json_member(root, "resultsCount") || json_member(root, "queryCount") ||
                         json_member(root, "count") || json_member(root, "status"));
  if (!is_empty) return fail(ErrorCode::BadPayload, "polygon: an answer without results");
  return std::nullopt;
}

std::string polygon_next_path(std::string_view next_url) {
  if (next_url.size() > kNextMax) return {};
  if (const std::size_t scheme = next_url.find("://"); scheme != std::string_view::npos) {
    const std::size_t slash = next_url.find('/', scheme + 3);
    if (slash == std::string_view::npos) return {};
    next_url.remove_prefix(slash);
  }
  if (!next_url.starts_with('/') || next_url.starts_with("//")) return {};
  for (const char c : next_url) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return {};
  }
  next_url = next_url.substr(0, next_url.find('#'));
  const std::size_t mark = next_url.find('?');
  std::string path{next_url.substr(0, mark)};
  if (mark == std::string_view::npos) return path;
  char separator = '?';
  for (const std::string_view pair : text::split_list(next_url.substr(mark + 1), '&')) {
    if (text::lower(pair.substr(0, pair.find('='))) == "apikey") continue;
    path += separator;
    path += pair;
    separator = '&';
  }
  return path;
}

std::string polygon_next(JsonValue root) {
  return polygon_next_path(json_text(root, "next_url").value_or(""));
}

Result<VendorBars> parse_polygon_bars(std::string_view body, const Symbol& symbol,
                                      Interval interval) {
  ZIGGY_TRY(document, open_polygon(body));
  const JsonValue root = document.root();
  const std::string ticker = to_polygon(symbol);
  auto told = json_text(root, "ticker");
  if (!told) told = json_text(root, "symbol");
  if (const auto other = told; other && !text::equals_ignoring_case(*other, ticker)) {
    return fail(ErrorCode::BadPayload, "polygon: asked for {}, told about {}", ticker,
                other->substr(0, Symbol::kSizeMax));
  }
  VendorBars page;
  if (const auto bar = read_open_close(root)) {
    page.bars.push_back(*bar);
    return page;
  }
  ZIGGY_TRY(rows, polygon_results(root));
  page.is_adjusted = json_bool(root, "adjusted").value_or(false);
  page.next = polygon_next(root);
  if (!rows) return page;
  page.bars.reserve(rows->size());
  for (const JsonValue row : *rows) {
    if (const auto bar = read_bar(row, interval, symbol.kind())) {
      page.bars.push_back(*bar);
    } else {
      ++page.dropped;
    }
  }
  page.is_ascending = order_ascending(page.bars);
  return page;
}

Result<PolygonGrouped> parse_polygon_grouped(std::string_view body) {
  ZIGGY_TRY(document, open_polygon(body));
  ZIGGY_TRY(rows, polygon_results(document.root()));
  PolygonGrouped page;
  page.is_adjusted = json_bool(document.root(), "adjusted").value_or(false);
  if (!rows) return page;
  for (const JsonValue row : *rows) {
    const auto symbol = from_polygon(json_text(row, "T").value_or(""));
    const auto bar = symbol ? read_bar(row, Interval::Day, symbol->kind()) : std::nullopt;
    if (bar) {
      page.bars.push_back({*symbol, *bar});
    } else {
      ++page.dropped;
    }
  }
  return page;
}

}  // namespace ziggy::feed
