#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ziggy/base/time.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"

/// What vendors' bars have in common on their way to ours: times, order, pages, price basis.
namespace ziggy::feed {

/// One page of a vendor's bars.
struct VendorBars {
  /// Ascending unless the vendor's order is broken; times are canonical.
  BarColumns bars;
  /// Rows without a time, price or volume.
  std::size_t dropped = 0;
  /// The vendor says that splits are folded in.
  bool is_adjusted = false;
  /// The vendor gave them oldest first (or fewer than two).
  bool is_ascending = true;
  /// What asks for the next page, in the vendor's way; empty on the last page.
  std::string next;
};

/// An instant that a vendor writes as a number since 1970, in whichever unit its size betrays:
/// seconds below 1e11, milliseconds below 1e14, microseconds below 1e17, else nanoseconds. nullopt
/// for what is not positive.
[[nodiscard]] std::optional<Timestamp> instant_from_epoch(std::int64_t value) noexcept;

/// A bar's canonical time from the vendor's start of its period. Below a day the instant itself;
/// otherwise the session date at 00:00Z: New York's date for shares and indices (an instant at
/// exactly 00:00Z, at which no period of theirs can start, is taken for the date as it stands),
/// the UTC date for the rest. Weeks move to their Monday (Polygon's start on Sunday), months to the
/// first.
[[nodiscard]] Timestamp canonical_bar_time(Timestamp start, Interval interval,
                                           AssetKind kind) noexcept;

/// Turns bars that come newest first around; leaves every other order alone, so that the contracts
/// find what is out of order.
/// Returns whether they came oldest first.
bool order_ascending(BarColumns& bars);

/// Joins the next page (ascending) to what came before, whichever of the two is earlier; a bar that
/// both hold in the same words at the seam counts once.
[[nodiscard]] BarColumns join_pages(BarColumns before, BarColumns next);

/// Those inside the range, at most `limit` of them: the last ones when `range.start` is open
/// (kNoStart), otherwise the first.
[[nodiscard]] BarColumns cut_to(const BarColumns& bars, TimeRange range, std::size_t limit);

/// Turns split-adjusted bars back: prices times, volume by, the ratio of every later split.
void undo_splits(BarColumns& bars, std::span<const CorporateAction> actions, Interval interval);

/// A start early enough for the last `limit` bars before `end`, weekends, holidays and nights
/// counted in; not before 1990.
[[nodiscard]] Timestamp start_for_last(Timestamp end, std::size_t limit, Interval interval,
                                       AssetKind kind) noexcept;

/// The size of a share's quote in shares. Until 2025-11-03 the tapes, and with them Polygon and
/// Alpaca, gave round lots of 100, since then shares (SEC release 34-101070; polygon.io/blog/
/// change-stocks-quotes-round-lots-to-shares; Alpaca's data API, `bs`). The few shares that had
/// smaller lots are taken for the rest.
[[nodiscard]] double quote_size_in_shares(double size, Timestamp time) noexcept;

/// For paths and queries: all but letters, digits and `-._~:,/` as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// Whether the closes jump as only a split makes them: then the vendor's splits must be asked for,
/// although the caller does without.
[[nodiscard]] bool has_jump(const BarColumns& bars, Interval interval);

}  // namespace ziggy::feed
