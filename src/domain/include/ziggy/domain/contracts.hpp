#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/quote.hpp"

namespace ziggy {

/// What every source must keep to, whoever it is. Comparisons are exact: one factor over a bar's
/// four prices keeps their order in floating point too, so adjusted prices need no tolerance.
enum class ContractRule : std::uint8_t {
  /// Each bar is later than the one before.
  TimeOrder,
  /// Prices are finite and greater than zero.
  PricePositive,
  HighBelowLow,
  OpenOutside,
  CloseOutside,
  /// Volume is finite and not negative.
  VolumeNegative,
  /// The close is at least kJumpFactor times the previous one, or at most its fraction, and no
  /// split
  /// explains it.
  UnexplainedJump,
  BidAboveAsk,
};

/// `time_order`, `unexplained_jump`, …: stable, for metrics and quarantine.
[[nodiscard]] std::string_view rule_name(ContractRule rule) noexcept;

/// From the wish list of the first issue: a close-to-close factor of 4 is a wrong unit (pence for
/// pounds), a missed split or another company far more often than a price.
inline constexpr double kJumpFactor = 4;
/// A split explains a jump when what is left after it is a plausible move for one day.
inline constexpr double kJumpLeftAfterSplit = 2;

struct Violation {
  /// Index into the bars.
  std::size_t row = 0;
  ContractRule rule = ContractRule::TimeOrder;
  friend bool operator==(const Violation&, const Violation&) = default;
};

/// Every violation, ascending by row; empty when the bars keep to the contracts. Of the rules
/// within one bar only the first broken one is named (a negative high is not also below the low). A
/// split explains a jump only on its own ex-date, in the right direction and near its ratio; other
/// actions are ignored.
[[nodiscard]] std::vector<Violation> check_bars(const BarColumns& bars, Interval interval,
                                                std::span<const CorporateAction> actions = {});

/// The reason in words, with the values: `close 12.5 is above the high 12.4`.
[[nodiscard]] std::string describe(const Violation& violation, const BarColumns& bars);

struct QuoteViolation {
  ContractRule rule = ContractRule::BidAboveAsk;
  std::string reason;
};

/// What the quote breaks: prices positive and finite, sizes and volume not negative, bid <= ask.
/// Allocates only when there is something to say.
[[nodiscard]] std::vector<QuoteViolation> check_quote(const Quote& quote);

}  // namespace ziggy
