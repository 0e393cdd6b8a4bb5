#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include "vendor_bars.hpp"
#include "ziggy/feed/provider.hpp"

/// What vendors' streams have in common: when a number is sane, and how a tick is made of numbers.
namespace ziggy::feed {

/// Absent, or zero where the vendor means absent, is no price.
struct StreamQuote {
  std::optional<double> bid;
  std::optional<double> ask;
  std::optional<double> bid_size;
  std::optional<double> ask_size;
};

[[nodiscard]] inline bool is_price(const std::optional<double>& value) noexcept {
  return value && std::isfinite(*value) && *value > 0;
}
[[nodiscard]] inline bool is_size(const std::optional<double>& value) noexcept {
  return value && std::isfinite(*value) && *value >= 0;
}

/// nullopt when a side is negative or not finite, or none is there. A side without orders has the
/// price zero on the wire and is absent here. Shares are counted in round lots as long as the tape
/// was.
[[nodiscard]] inline std::optional<Quote> make_quote(const Symbol& symbol, Timestamp time,
                                                     const StreamQuote& sides) {
  Quote quote;
  quote.symbol = symbol;
  quote.as_of = time;
  const double lot = symbol.is_crypto() ? 1 : quote_size_in_shares(1, time);
  const auto take = [lot](const std::optional<double>& price, const std::optional<double>& size,
                          std::optional<double>& price_out, std::optional<double>& size_out) {
    if (!price) return true;
    if (!is_size(price) || (size && !is_size(size))) return false;
    if (*price == 0) return true;
    price_out = *price;
    if (size) size_out = *size * lot;
    return true;
  };
  const bool is_sane = take(sides.bid, sides.bid_size, quote.bid, quote.bid_size) &&
                       take(sides.ask, sides.ask_size, quote.ask, quote.ask_size);
  if (!is_sane || (!quote.bid && !quote.ask)) return std::nullopt;
  return quote;
}

/// A time that a vendor writes as a count since 1970, of milliseconds unless it is far too large
/// for that: then micro- or nanoseconds. nullopt before 1970 and after 2262.
[[nodiscard]] inline std::optional<Timestamp> epoch_time(std::int64_t count) noexcept {
  constexpr std::int64_t kMillisMax = 9'223'372'036'854;  // 2262
  constexpr std::int64_t kMicrosMax = kMillisMax * 1'000;
  if (count <= 0) return std::nullopt;
  if (count <= kMillisMax) return Timestamp{std::chrono::milliseconds{count}};
  if (count <= kMicrosMax) return Timestamp{std::chrono::microseconds{count}};
  return Timestamp{std::chrono::nanoseconds{count}};
}

}  // namespace ziggy::feed
