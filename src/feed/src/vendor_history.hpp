#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vendor_bars.hpp"
#include "vendor_client.hpp"
#include "ziggy/base/call.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/net/task.hpp"

/// Reading a history in pages, and what is remembered of a vendor meanwhile.
namespace ziggy::feed {

/// Which page is asked for.
struct HistoryWindow {
  Symbol symbol;
  Interval interval = Interval::Day;
  /// Both ends are set.
  TimeRange range;
  /// How many bars are wanted of it.
  std::size_t limit = 0;
  /// The page begins at the end of the range and goes back.
  bool is_newest_first = false;
  /// VendorBars::next of the page before; empty for the first.
  std::string next = {};
};

class HistoryPages {
 public:
  virtual ~HistoryPages() = default;
  virtual net::Task<Result<VendorBars>> page(HistoryWindow window, Call call) = 0;
};

/// A history of one symbol in minutes over 20 years is 80 pages of 50 000.
inline constexpr int kPagesMax = 200;

/// The bars that are asked for, in as many pages as it takes; four hours are put together from
/// hours (vendors begin them at New York's midnight, we at 00:00Z). For the last bars before an end
/// a start is estimated, and once corrected when too few came. Errors: those of a page; BadPayload
/// when pages repeat or don't end.
[[nodiscard]] net::Task<Result<VendorBars>> read_history(HistoryPages* pages, BarsRequest request,
                                                         Call call);

/// The call with the deadline of one HTTP request. Batch work keeps its own, since it may wait for
/// the budget first.
[[nodiscard]] Call with_timeout(Call call, std::chrono::milliseconds timeout, const Clock& clock);

/// What a plan refuses is not asked for again for this long; plans change by the hand of a person.
inline constexpr std::chrono::hours kRefusalKept{1};

/// Remembers that the plan refuses an endpoint. Thread-safe.
class Refusal {
 public:
  void note(const Clock& clock) noexcept {
    until_ = (clock.steady() + kRefusalKept).time_since_epoch().count();
  }
  [[nodiscard]] bool holds(const Clock& clock) const noexcept {
    return clock.steady().time_since_epoch().count() < until_;
  }

 private:
  std::atomic<std::int64_t> until_{std::numeric_limits<std::int64_t>::min()};
};

/// What a vendor said of a symbol's splits and dividends.
struct SaidActions {
  std::vector<CorporateAction> actions;
  /// False when it would not say some of them, or the splits.
  bool is_whole = true;
  bool has_splits = true;
};
/// `said` as the answer of an ActionSource: what is known of it, NoData when that is nothing and it
/// is not whole.
[[nodiscard]] Result<std::vector<CorporateAction>> what_is_known(Result<SaidActions> said,
                                                                 std::string_view vendor,
                                                                 const Symbol& symbol);

/// Splits and dividends by symbol, for a while. Thread-safe; holds at most kSymbolsMax symbols.
class ActionCache {
 public:
  static constexpr std::size_t kSymbolsMax = 4096;
  /// Actions are announced days ahead; half a day late is early enough.
  static constexpr std::chrono::hours kKept{12};

  [[nodiscard]] std::optional<SaidActions> find(const Symbol& symbol, const Clock& clock) const;
  /// What is not whole is kept for kRefusalKept only.
  void keep(const Symbol& symbol, SaidActions said, const Clock& clock);

 private:
  struct Entry {
    SaidActions said;
    Monotonic until;
  };
  mutable std::mutex mutex_;
  std::unordered_map<Symbol, Entry> entries_;
};

/// Ascending by ex-date, each once, none that is still to come (its factor would bend the prices of
/// today).
[[nodiscard]] std::vector<CorporateAction> settle_actions(std::vector<CorporateAction> actions,
                                                          Timestamp now);

/// True for what an optional request may say without spoiling the answer it belongs to: the vendor
/// does not have it, or not for this plan.
[[nodiscard]] bool is_just_absent(const Error& error) noexcept;

/// A 404 that is not in the vendor's words: a route that a proxy, a stand-in or a wrong base URL
/// does not have. NoData, so that optional questions can do without.
[[nodiscard]] Error absent_route(std::string_view vendor, const VendorRefusal& refusal);
/// What such a 404 means to a question that is not optional: UnknownSymbol, or BadPayload when it
/// was a page. Other errors stay as they are.
[[nodiscard]] Error as_required(Error error);

}  // namespace ziggy::feed
