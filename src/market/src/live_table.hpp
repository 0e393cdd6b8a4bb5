#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bar_sequence.hpp"
#include "ziggy/market/live.hpp"

namespace ziggy::market {

/// What a table makes happen; answers to `backfill` and `probe` come back later under their ticket.
class LiveActions : public BarOutlet {
 public:
  virtual void subscribe(std::size_t vendor, const Symbol& symbol) = 0;
  virtual void unsubscribe(std::size_t vendor, const Symbol& symbol) = 0;
  virtual void reconnect(std::size_t vendor) = 0;
  /// Vendors that can stream the symbol, the best first.
  virtual std::vector<std::size_t> order(const Symbol& symbol) = 0;
  /// Whether it tells minute bars; of one that is polled for quotes they are fetched.
  virtual bool pushes_minutes(std::size_t vendor) = 0;
  using BarOutlet::tell;
  virtual void tell(std::string_view provider, const Quote& quote) = 0;
  virtual void tell(std::string_view provider, const Trade& trade) = 0;
  virtual void backfill(const Symbol& symbol, TimeRange range, std::uint64_t ticket) = 0;
  virtual void probe(const Symbol& symbol, std::uint64_t ticket) = 0;
  virtual void report(std::size_t vendor, LiveEvent event, std::string_view detail) = 0;
};

/// Which symbols are streamed, by whom, and how that goes: all decisions of LiveFeeds, without a
/// loop, a socket or a clock of its own. Calls `actions` while it works; they must not call back.
/// Not thread-safe.
class LiveTable {
 public:
  /// `settings` and `actions` outlive the table.
  LiveTable(std::vector<std::string> vendors, const LiveSettings& settings, LiveActions& actions);

  void add(const Symbol& symbol, Moment now);
  void remove(const Symbol& symbol);

  void on_quote(std::size_t vendor, const Quote& quote, Moment now);
  void on_trade(std::size_t vendor, const Trade& trade, Moment now);
  void on_bar(std::size_t vendor, const Symbol& symbol, Interval interval, const Bar& bar,
              BarPhase phase, Moment now);
  void on_subscribed(std::size_t vendor, const Symbol& symbol, const Result<>& outcome, Moment now);
  void on_state(std::size_t vendor, feed::StreamState state, std::string_view detail, Moment now);

  /// A few times a second.
  void tick(Moment now);
  void on_backfill(const Symbol& symbol, std::uint64_t ticket, std::string_view provider,
                   const Result<BarColumns>& bars, Moment now);
  void on_probe(const Symbol& symbol, std::uint64_t ticket, const Result<Quote>& quote, Moment now);

  [[nodiscard]] LiveStatus status() const;
  [[nodiscard]] bool is_empty() const noexcept { return entries_.empty(); }
  /// Backfills and probes that have not been answered.
  [[nodiscard]] std::size_t in_flight() const noexcept { return backfills_ + probes_; }

 private:
  struct Vendor {
    /// `is_troubled`: down, silent or refused, and not well for long enough since; not chosen if
    /// another is there.
    LiveVendorStatus status;
    Monotonic up_since;
    /// Since when it tries to get up; while it is up, or nobody wants it, not.
    std::optional<Monotonic> not_up_since;
    /// Since when a troubled one is well.
    std::optional<Monotonic> well_since;
    /// It was silent: being up alone is no proof.
    bool must_be_heard = false;
    Monotonic next_retry;
    /// The last thing heard of it, of any symbol.
    Monotonic heard_at;
    Timestamp heard_wall;
    std::unordered_set<Symbol> subscribed;
    std::optional<Symbol> canary;
  };

  struct Entry {
    Entry(const Symbol& of, const LiveSettings& settings, BarSequence::Counts& counts)
        : symbol{of}, bars{of, settings, counts} {}

    /// Waiting for ticks begins anew.
    void restart(Monotonic now) {
      heard_at = now;
      is_pause_odd = true;
    }

    Symbol symbol;
    BarSequence bars;
    std::optional<std::size_t> vendor;
    Monotonic moved_at;
    /// Since when its vendor, though up, says that this symbol is not heard.
    std::optional<Monotonic> lost_since;
    /// Vendors that refuse this symbol or are silent for it alone, and until when.
    std::vector<std::pair<std::size_t, Monotonic>> excluded;
    /// The watchdog's: since when nothing was heard, how long that usually is, and what was heard
    /// last.
    Monotonic heard_at;
    Timestamp heard_wall;
    std::optional<double> usual_pause_s;
    int pauses = 0;
    /// The pause up to the next tick began for another reason than a tick.
    bool is_pause_odd = true;
    std::optional<Quote> last_quote;
    std::optional<Trade> last_trade;
    Timestamp last_as_of = Timestamp::min();
    Timestamp last_second = Timestamp::min();
    std::uint64_t probe_ticket = 0;
    Monotonic next_probe;
    int probes_in_vain = 0;
    int probes_failed = 0;
    std::uint64_t backfill_ticket = 0;
  };

  /// Tells the holes of one symbol's bars to the actions, and reports them.
  class Outlet;

  // live_table.cpp
  void hear(std::size_t from, Moment now);
  [[nodiscard]] Entry* serving(std::size_t vendor, const Symbol& symbol);
  void heard(Entry& entry, std::size_t vendor, Moment now);
  void violation(std::size_t vendor, const Symbol& symbol, std::string_view reason);
  void end_outage(Entry& entry, Moment now);
  void backfill_next(Entry& entry, Moment now);
  // live_vendors.cpp
  [[nodiscard]] std::optional<std::size_t> choose(const Entry& entry, Moment now);
  [[nodiscard]] bool is_excluded(const Entry& entry, std::size_t vendor, Moment now) const;
  void move(Entry& entry, std::optional<std::size_t> to, Moment now);
  void sync(std::size_t vendor, const Symbol& symbol);
  static void exclude(Entry& entry, std::size_t vendor, Monotonic until);
  static void set_trouble(Vendor& vendor);
  void review_vendors(Moment now);
  void review_symbols(Moment now);
  void place_canaries(Moment now);
  // live_watch.cpp
  [[nodiscard]] bool is_watched(const Entry& entry) const;
  [[nodiscard]] std::chrono::nanoseconds patience(const Entry& entry) const;
  [[nodiscard]] bool is_overdue(const Entry& entry, Moment now) const;
  void watch(Moment now);
  void silent(Entry& entry, Moment now);
  void silence_vendor(std::size_t vendor, Moment now);

  const LiveSettings& settings_;
  LiveActions& actions_;
  std::vector<Vendor> vendors_;
  std::unordered_map<Symbol, Entry> entries_;
  BarSequence::Counts counts_;
  std::uint64_t tickets_ = 0;
  std::size_t backfills_ = 0;
  std::size_t probes_ = 0;
  std::uint64_t probes_total_ = 0;
  std::uint64_t moves_ = 0;
  std::uint64_t late_ = 0;
  Monotonic next_review_;
  bool is_exchange_open_ = false;
};

}  // namespace ziggy::market
