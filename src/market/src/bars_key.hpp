#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ziggy/domain/bar.hpp"
#include "ziggy/market/market.hpp"

namespace ziggy::market {

struct BarsQueryHash {
  std::size_t operator()(const BarsQuery& query) const noexcept;
};

struct SymbolsHash {
  std::size_t operator()(const std::vector<Symbol>& symbols) const noexcept;
};

/// A number made of the bars alone, never 0: the same in every process and on every node, so that
/// what clients keep under it stays good. Two that differ share one by accident in 2^64 cases.
[[nodiscard]] std::uint64_t content_of(const BarColumns& bars) noexcept;

/// What an answer weighs in memory.
[[nodiscard]] std::size_t bytes_of(const BarsAnswer& answer) noexcept;
[[nodiscard]] std::size_t bytes_of(const QuoteAnswer& answer) noexcept;

}  // namespace ziggy::market
