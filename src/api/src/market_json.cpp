#include "market_json.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::api {
namespace {

std::string_view market_state_name(MarketState state) {
  switch (state) {
    case MarketState::Closed:
      return "closed";
    case MarketState::Pre:
      return "pre";
    case MarketState::Open:
      return "open";
    case MarketState::Post:
      return "post";
    case MarketState::Halted:
      break;
  }
  return "halted";
}

char* put(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_number(char* out, std::string_view name, const std::optional<double>& value) noexcept {
  out = put(out, name);
  return value ? write_number(out, *value) : put(out, "null");
}

/// The difference of two short decimals is a short decimal, which binary subtraction blurs
/// (98.3 - 98 = 0.29999999999999716). No price has more than nine decimals.
double without_noise(double value) noexcept {
  constexpr double kScale = 1e9;
  const double rounded = std::round(value * kScale) / kScale;
  return std::fabs(value) < 1e6 ? rounded : value;
}

// Twelve numbers and the names between them.
constexpr std::size_t kQuoteSizeMax = 12 * kNumberSize + Symbol::kSizeMax + 256;

void append_provenance(std::string& out, std::string_view provider, Timestamp as_of, bool stale,
                       std::span<const market::Fallback> fallback_from, Timestamp now) {
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - as_of);
  char buffer[kRfc3339Size + 2 * kNumberSize + 64];
  out += R"("provider":")";
  text::append_json_escaped(out, provider);
  char* at = put(buffer, R"(","as_of":")");
  at = write_rfc3339(at, std::chrono::floor<std::chrono::microseconds>(as_of));
  at = put(at, R"(","age_ms":)");
  at = write_number(at, std::max<std::int64_t>(age.count(), 0));
  at = put(at, stale ? R"(,"stale":true)" : R"(,"stale":false)");
  at = put(at, R"(,"fallback_from":[)");
  out.append(buffer, static_cast<std::size_t>(at - buffer));
  JsonOut json{out};
  for (const market::Fallback& fallback : fallback_from) {
    json.begin_object()
        .field("provider", fallback.provider)
        .field("code", code_name(fallback.code))
        .field("detail", log::redact(fallback.detail))
        .end_object();
  }
  out += ']';
}

}  // namespace

void append_quote_members(std::string& out, const Quote& quote, std::string_view provider,
                          bool stale, std::span<const market::Fallback> fallback_from,
                          Timestamp now) {
  std::optional<double> change;
  std::optional<double> change_pct;
  if (quote.last && quote.prev_close && *quote.prev_close > 0) {
    change = without_noise(*quote.last - *quote.prev_close);
    change_pct = without_noise(100.0 * *change / *quote.prev_close);
  }
  char buffer[kQuoteSizeMax];
  // A symbol's characters need no escape.
  char* at = put(put(put(buffer, R"("symbol":")"), quote.symbol.view()), "\"");
  at = put_number(at, R"(,"bid":)", quote.bid);
  at = put_number(at, R"(,"ask":)", quote.ask);
  at = put_number(at, R"(,"bid_size":)", quote.bid_size);
  at = put_number(at, R"(,"ask_size":)", quote.ask_size);
  at = put_number(at, R"(,"last":)", quote.last);
  at = put_number(at, R"(,"last_size":)", quote.last_size);
  at = put_number(at, R"(,"prev_close":)", quote.prev_close);
  at = put_number(at, R"(,"change":)", change);
  at = put_number(at, R"(,"change_pct":)", change_pct);
  at = put_number(at, R"(,"volume":)", quote.volume);
  at = put(put(put(at, R"(,"market_state":")"), market_state_name(quote.market_state)), "\",");
  out.append(buffer, static_cast<std::size_t>(at - buffer));
  append_provenance(out, provider, quote.as_of, stale, fallback_from, now);
}

void append_quote_members(std::string& out, const market::QuoteAnswer& answer, Timestamp now) {
  const market::Provenance& from = answer.provenance;
  append_quote_members(out, answer.quote, from.provider, from.stale, from.fallback_from, now);
}

void append_provenance_members(std::string& out, const market::Provenance& provenance,
                               Timestamp now) {
  append_provenance(out, provenance.provider, provenance.as_of, provenance.stale,
                    provenance.fallback_from, now);
}

std::string_view session_name(MarketState state) noexcept {
  return state == MarketState::Open ? "regular" : market_state_name(state);
}

}  // namespace ziggy::api
