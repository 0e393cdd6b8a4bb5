#pragma once

#include <cstdint>
#include <optional>

#include "ziggy/base/time.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy {

enum class MarketState : std::uint8_t { Closed, Pre, Open, Post, Halted };

/// The top of the book and the last trade as a source knows them. Prices in the quote currency,
/// sizes in units; what a source does not know is absent, never zero.
struct Quote {
  Symbol symbol;
  /// When the source says this was true.
  Timestamp as_of;
  std::optional<double> bid;
  std::optional<double> ask;
  std::optional<double> bid_size;
  std::optional<double> ask_size;
  std::optional<double> last;
  std::optional<double> last_size;
  /// The previous session's closing price.
  std::optional<double> prev_close;
  /// Units traded in the session so far.
  std::optional<double> volume;
  MarketState market_state = MarketState::Closed;
};

}  // namespace ziggy
