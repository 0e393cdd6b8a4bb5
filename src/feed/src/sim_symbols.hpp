#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "ziggy/domain/symbol.hpp"

namespace ziggy::feed::sim {

/// The character of one simulated symbol.
struct Listing {
  std::string_view symbol;
  std::string_view name;
  std::string_view asset_class;
  /// About where the price wanders at kAnchorYear, in the quote currency.
  double price;
  /// Standard deviation of a day's logarithmic return in a normal regime.
  double deviation;
  /// How much of the common market's move it takes part in.
  double beta;
  /// Typical distance of bid and ask, in cents.
  int spread_cents;
  /// Units traded on a normal day.
  double volume;
  /// Cash paid a year, as part of the price.
  double dividend_yield;
  /// Fractions of a unit that trade: 1 for shares, 10 000 for coins.
  int units_per_volume;

  [[nodiscard]] constexpr bool is_crypto() const noexcept { return units_per_volume > 1; }
};

// Magnitudes as a reader expects them of these names; the paths are invented.
inline constexpr std::array kListings = {
    Listing{"SPY", "S&P 500 ETF (simulated)", "etf", 580, 0.010, 1.00, 1, 70e6, 0.012, 1},
    Listing{"QQQ", "Nasdaq 100 ETF (simulated)", "etf", 500, 0.013, 1.15, 1, 40e6, 0.006, 1},
    Listing{"AAPL", "Apple (simulated)", "equity", 230, 0.017, 1.10, 1, 55e6, 0.005, 1},
    Listing{"MSFT", "Microsoft (simulated)", "equity", 430, 0.016, 1.05, 2, 22e6, 0.007, 1},
    Listing{"NVDA", "NVIDIA (simulated)", "equity", 135, 0.030, 1.70, 1, 220e6, 0, 1},
    Listing{"AMZN", "Amazon (simulated)", "equity", 200, 0.021, 1.25, 1, 38e6, 0, 1},
    Listing{"GOOGL", "Alphabet (simulated)", "equity", 175, 0.018, 1.10, 1, 27e6, 0.005, 1},
    Listing{"META", "Meta Platforms (simulated)", "equity", 580, 0.024, 1.25, 6, 14e6, 0.004, 1},
    Listing{"TSLA", "Tesla (simulated)", "equity", 300, 0.036, 1.80, 3, 95e6, 0, 1},
    Listing{"JPM", "JPMorgan Chase (simulated)", "equity", 230, 0.016, 1.00, 2, 9e6, 0.022, 1},
    Listing{"BTC-USD", "Bitcoin (simulated)", "crypto", 68'000, 0.032, 0.60, 150, 28'000, 0,
            10'000},
    Listing{"ETH-USD", "Ether (simulated)", "crypto", 2'900, 0.042, 0.70, 20, 420'000, 0, 10'000},
};

/// Index into kListings.
[[nodiscard]] std::optional<std::size_t> find_listing(Symbol symbol) noexcept;

}  // namespace ziggy::feed::sim
