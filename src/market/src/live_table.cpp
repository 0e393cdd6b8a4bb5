#include "live_table.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ziggy/domain/contracts.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::market {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Each is one REST request or more; a budget of five a minute is spent by these alone.
constexpr std::size_t kBackfillsAtOnce = 4;
// The clocks of vendors and ours agree to seconds; a price of the future would hide all later ones.
constexpr seconds kFutureMax{60};
// One in twenty ticks moves the usual pause: it follows a morning's rush within a minute.
constexpr double kPauseWeight = 0.05;
// A vendor that is up and says nothing of a subscription has taken it.
constexpr seconds kSubscribedAfter{3};

std::string_view bar_problem(Interval interval, const Bar& bar, Timestamp now) {
  BarColumns one;
  one.push_back(bar);
  const auto violations = check_bars(one, interval);
  if (!violations.empty()) return rule_name(violations.front().rule);
  if (bar.time > now + kFutureMax) return "time in the future";
  if (period_start(bar.time, interval) != bar.time) return "time within a period";
  return {};
}

std::string_view trade_problem(const Trade& trade, Timestamp now) {
  if (!std::isfinite(trade.price) || trade.price <= 0) return "price_positive";
  if (!std::isfinite(trade.size) || trade.size < 0) return "size_negative";
  if (trade.time > now + kFutureMax) return "time in the future";
  return {};
}

}  // namespace

class LiveTable::Outlet final : public BarOutlet {
 public:
  Outlet(LiveTable& table, const Entry& entry) : table_{table}, entry_{entry} {}
  void tell(const streams::BarMessage& message) override { table_.actions_.tell(message); }
  void tell(const streams::GapMessage& message) override {
    table_.actions_.tell(message);
    if (message.healed || !entry_.vendor) return;
    table_.actions_.report(*entry_.vendor, LiveEvent::Gap, entry_.symbol.view());
  }

 private:
  LiveTable& table_;
  const Entry& entry_;
};

LiveTable::LiveTable(std::vector<std::string> vendors, const LiveSettings& settings,
                     LiveActions& actions)
    : settings_{settings}, actions_{actions} {
  for (std::string& name : vendors) {
    Vendor vendor;
    vendor.status.name = std::move(name);
    vendors_.push_back(std::move(vendor));
  }
}

void LiveTable::add(const Symbol& symbol, Moment now) {
  const auto [at, is_new] = entries_.try_emplace(symbol, symbol, settings_, counts_);
  if (!is_new) return;
  Entry& entry = at->second;
  entry.restart(now.steady);
  entry.heard_wall = now.wall;
  move(entry, choose(entry, now), now);
}

void LiveTable::remove(const Symbol& symbol) {
  entries_.erase(symbol);
  for (std::size_t i = 0; i < vendors_.size(); ++i) {
    if (vendors_[i].canary == symbol) vendors_[i].canary.reset();
    sync(i, symbol);
  }
}

void LiveTable::hear(std::size_t from, Moment now) {
  Vendor& vendor = vendors_[from];
  // A source that polls may see no reason to say that it is up.
  if (vendor.status.state == feed::StreamState::Idle && !vendor.subscribed.empty()) {
    on_state(from, feed::StreamState::Up, {}, now);
  }
  ++vendor.status.ticks;
  vendor.heard_at = now.steady;
  vendor.heard_wall = now.wall;
  const bool is_up = vendor.status.state == feed::StreamState::Up;
  if (vendor.status.is_troubled && is_up && !vendor.well_since) vendor.well_since = now.steady;
}

LiveTable::Entry* LiveTable::serving(std::size_t vendor, const Symbol& symbol) {
  const auto found = entries_.find(symbol);
  if (found != entries_.end() && found->second.vendor == vendor) return &found->second;
  if (vendors_[vendor].canary != symbol) ++late_;
  return nullptr;
}

void LiveTable::heard(Entry& entry, std::size_t vendor, Moment now) {
  if (!std::exchange(entry.is_pause_odd, false)) {
    const double pause = std::chrono::duration<double>(now.steady - entry.heard_at).count();
    const double usual = entry.usual_pause_s.value_or(pause);
    // The plain average at first.
    entry.pauses = std::min(entry.pauses + 1, 1'000);
    entry.usual_pause_s = usual + std::max(kPauseWeight, 1.0 / entry.pauses) * (pause - usual);
  }
  entry.heard_at = now.steady;
  entry.heard_wall = now.wall;
  entry.lost_since.reset();
  entry.probes_in_vain = 0;
  entry.probes_failed = 0;
  if (vendors_[vendor].status.state == feed::StreamState::Up) end_outage(entry, now);
}

void LiveTable::end_outage(Entry& entry, Moment now) {
  // One that pushes no bars ends nothing by being heard.
  if (!entry.bars.is_out() || !actions_.pushes_minutes(*entry.vendor)) return;
  Outlet outlet{*this, entry};
  entry.bars.end_outage(now, outlet);
}

void LiveTable::violation(std::size_t vendor, const Symbol& symbol, std::string_view reason) {
  ++vendors_[vendor].status.violations;
  actions_.report(vendor, LiveEvent::Violation, fmt::format("{}: {}", symbol.view(), reason));
}

void LiveTable::on_quote(std::size_t vendor, const Quote& quote, Moment now) {
  hear(vendor, now);
  Entry* const entry = serving(vendor, quote.symbol);
  if (entry == nullptr) return;
  if (const auto broken = check_quote(quote); !broken.empty()) {
    return violation(vendor, quote.symbol, broken.front().reason);
  }
  if (quote.as_of > now.wall + kFutureMax) {
    return violation(vendor, quote.symbol, "time in the future");
  }
  heard(*entry, vendor, now);
  if (quote.as_of < std::min(entry->last_as_of, now.wall)) {
    ++late_;
    return;
  }
  entry->last_as_of = quote.as_of;
  const auto last = entry->last_quote ? entry->last_quote->last : std::nullopt;
  entry->last_quote = quote;
  if (!quote.last) entry->last_quote->last = last;
  actions_.tell(vendors_[vendor].status.name, quote);
}

void LiveTable::on_trade(std::size_t vendor, const Trade& trade, Moment now) {
  hear(vendor, now);
  Entry* const entry = serving(vendor, trade.symbol);
  if (entry == nullptr) return;
  if (const auto problem = trade_problem(trade, now.wall); !problem.empty()) {
    return violation(vendor, trade.symbol, problem);
  }
  heard(*entry, vendor, now);
  if (trade == entry->last_trade) {
    ++counts_.repeated;
    return;
  }
  entry->last_trade = trade;
  entry->last_as_of = std::max(entry->last_as_of, trade.time);
  if (entry->last_quote) entry->last_quote->last = trade.price;
  actions_.tell(vendors_[vendor].status.name, trade);
}

void LiveTable::on_bar(std::size_t vendor, const Symbol& symbol, Interval interval, const Bar& bar,
                       BarPhase phase, Moment now) {
  hear(vendor, now);
  Entry* const entry = serving(vendor, symbol);
  if (entry == nullptr) return;
  if (const auto problem = bar_problem(interval, bar, now.wall); !problem.empty()) {
    return violation(vendor, symbol, problem);
  }
  const std::string& name = vendors_[vendor].status.name;
  Outlet outlet{*this, *entry};
  if (interval == Interval::Minute) {
    // Before `heard`, which would take the outage's end from the clock: the bar knows better.
    entry->bars.on_bar(name, bar, phase, now, outlet);
    heard(*entry, vendor, now);
    backfill_next(*entry, now);
    return;
  }
  heard(*entry, vendor, now);
  if (interval == Interval::Second && phase == BarPhase::Closed) {
    if (bar.time <= entry->last_second) {
      ++counts_.repeated;
      return;
    }
    entry->last_second = bar.time;
  }
  actions_.tell(streams::BarMessage{symbol, interval, bar, phase, name});
}

void LiveTable::backfill_next(Entry& entry, Moment now) {
  if (backfills_ >= kBackfillsAtOnce || entry.backfill_ticket != 0) return;
  const auto range = entry.bars.wanted(now);
  if (!range) return;
  ++backfills_;
  entry.backfill_ticket = ++tickets_;
  actions_.backfill(entry.symbol, *range, entry.backfill_ticket);
}

void LiveTable::on_backfill(const Symbol& symbol, std::uint64_t ticket, std::string_view provider,
                            const Result<BarColumns>& bars, Moment now) {
  --backfills_;
  const auto found = entries_.find(symbol);
  if (found == entries_.end() || found->second.backfill_ticket != ticket) return;
  Entry& entry = found->second;
  entry.backfill_ticket = 0;
  Outlet outlet{*this, entry};
  if (bars) {
    entry.bars.fetched(provider, *bars, now, outlet);
  } else {
    entry.bars.not_fetched(now);
  }
  backfill_next(entry, now);
}

void LiveTable::tick(Moment now) {
  is_exchange_open_ = Calendar::nyse().is_open(now.wall);
  if (now.steady >= next_review_) {
    next_review_ = now.steady + seconds{1};
    review_vendors(now);
    review_symbols(now);
    place_canaries(now);
  }
  watch(now);
  for (auto& [symbol, entry] : entries_) {
    Outlet outlet{*this, entry};
    if (entry.bars.is_out() && entry.vendor) {
      const Vendor& vendor = vendors_[*entry.vendor];
      const bool is_up = vendor.status.state == feed::StreamState::Up;
      const Monotonic since = std::max(vendor.up_since, entry.moved_at);
      if (!actions_.pushes_minutes(*entry.vendor)) {
        if (is_up) entry.bars.pass_minutes(now, outlet);
      } else if (is_up && !entry.lost_since && now.steady - since >= kSubscribedAfter) {
        entry.bars.end_outage(now, outlet);
      }
    }
    const std::size_t holes = entry.bars.holes();
    if (holes == 0) continue;
    entry.bars.tick(now, outlet);
    // What was on its way for a hole that was given up is no longer waited for.
    if (entry.bars.holes() < holes) entry.backfill_ticket = 0;
    backfill_next(entry, now);
  }
}

LiveStatus LiveTable::status() const {
  LiveStatus status;
  for (const Vendor& vendor : vendors_) {
    LiveVendorStatus& of = status.vendors.emplace_back(vendor.status);
    of.symbols = vendor.subscribed.size();
  }
  for (const auto& [symbol, entry] : entries_) {
    if (entry.vendor) ++status.vendors[*entry.vendor].serving;
    status.holes_open += entry.bars.holes();
  }
  status.symbols = entries_.size();
  status.holes_announced = counts_.announced;
  status.holes_healed = counts_.healed;
  status.holes_left = counts_.left;
  status.repeated = counts_.repeated;
  status.moves = moves_;
  status.probes = probes_total_;
  status.late = late_;
  return status;
}

}  // namespace ziggy::market
