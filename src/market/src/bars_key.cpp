#include "bars_key.hpp"

#include <algorithm>
#include <bit>

namespace ziggy::market {
namespace {

// splitmix64's finish: each bit in changes half of those out.
std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;

std::size_t bytes_of(const Provenance& from) noexcept {
  std::size_t bytes = from.provider.capacity();
  for (const Fallback& miss : from.fallback_from) {
    bytes += sizeof(Fallback) + miss.provider.capacity() + miss.detail.capacity();
  }
  return bytes;
}

}  // namespace

std::size_t BarsQueryHash::operator()(const BarsQuery& query) const noexcept {
  std::uint64_t hash = std::hash<Symbol>{}(query.symbol);
  const auto add = [&](std::uint64_t value) { hash = mix(hash + kStep + value); };
  add(static_cast<std::uint64_t>(query.interval) * 8 +
      static_cast<std::uint64_t>(query.adjustment));
  add(static_cast<std::uint64_t>(query.range.start.time_since_epoch().count()));
  add(static_cast<std::uint64_t>(query.range.end.time_since_epoch().count()));
  add(query.limit);
  return hash;
}

std::size_t SymbolsHash::operator()(const std::vector<Symbol>& symbols) const noexcept {
  std::uint64_t hash = symbols.size();
  for (const Symbol& symbol : symbols) hash = mix(hash + kStep + std::hash<Symbol>{}(symbol));
  return hash;
}

std::uint64_t content_of(const BarColumns& bars) noexcept {
  std::uint64_t hash = bars.size();
  const auto add = [&](std::uint64_t value) { hash = mix(hash + kStep + value); };
  for (const std::int64_t time : bars.time) add(static_cast<std::uint64_t>(time));
  for (const auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume}) {
    for (const double value : *column) add(std::bit_cast<std::uint64_t>(value));
  }
  return std::max<std::uint64_t>(hash, 1);
}

std::size_t bytes_of(const BarsAnswer& answer) noexcept {
  return 512 + bytes_of(answer.provenance) + answer.bars->size() * 6 * sizeof(double);
}

std::size_t bytes_of(const QuoteAnswer& answer) noexcept {
  return 256 + sizeof(QuoteAnswer) + bytes_of(answer.provenance);
}

}  // namespace ziggy::market
