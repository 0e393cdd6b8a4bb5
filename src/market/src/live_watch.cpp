#include <algorithm>

#include "live_table.hpp"

/// The part of LiveTable that notices feeds which are connected but silent.
namespace ziggy::market {
namespace {

using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Each is a REST request that a person could have used.
constexpr std::size_t kProbesAtOnce = 2;
// Before its usual pause is known a symbol has this many floors.
constexpr int kFloorsAtFirst = 6;
// Vendors' stream and REST sides stamp the same quote a little differently.
constexpr seconds kNewerBy{2};
constexpr int kProbesFailedMax = 3;
constexpr int kVainBackoffMax = 5;
// A symbol that is silent alone stays away from that vendor this long.
constexpr minutes kSilentFor{10};

bool differs(const std::optional<double>& a, const std::optional<double>& b) {
  return a && b && *a != *b;
}

/// The same prices again prove nothing: some vendors stamp an answer with the time of asking.
bool is_news(const std::optional<Quote>& known, const Quote& probed) {
  if (!known) return true;
  return differs(known->bid, probed.bid) || differs(known->ask, probed.ask) ||
         differs(known->last, probed.last);
}

}  // namespace

bool LiveTable::is_watched(const Entry& entry) const {
  if (!entry.vendor) return false;
  if (vendors_[*entry.vendor].status.state != feed::StreamState::Up) return false;
  return settings_.is_always_open || is_exchange_open_ || Calendar::of(entry.symbol).never_closes();
}

nanoseconds LiveTable::patience(const Entry& entry) const {
  const nanoseconds floor = settings_.silence_floor;
  const nanoseconds most = settings_.silence_max;
  if (!entry.usual_pause_s) return std::min(kFloorsAtFirst * floor, most);
  const double usual_s = *entry.usual_pause_s * settings_.silence_factor;
  if (usual_s >= std::chrono::duration<double>(most).count()) return most;
  const auto usual =
      std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(usual_s));
  return std::max(usual, floor);
}

bool LiveTable::is_overdue(const Entry& entry, Moment now) const {
  return is_watched(entry) && now.steady - entry.heard_at > patience(entry);
}

void LiveTable::watch(Moment now) {
  for (auto& [symbol, entry] : entries_) {
    if (!is_watched(entry)) {
      // Waiting begins when the session does, or the vendor is up.
      entry.restart(now.steady);
      continue;
    }
    if (probes_ >= kProbesAtOnce || entry.probe_ticket != 0) continue;
    if (now.steady < entry.next_probe || !is_overdue(entry, now)) continue;
    ++probes_;
    ++probes_total_;
    entry.probe_ticket = ++tickets_;
    actions_.probe(symbol, entry.probe_ticket);
  }
}

void LiveTable::on_probe(const Symbol& symbol, std::uint64_t ticket, const Result<Quote>& quote,
                         Moment now) {
  --probes_;
  const auto found = entries_.find(symbol);
  if (found == entries_.end() || found->second.probe_ticket != ticket) return;
  Entry& entry = found->second;
  entry.probe_ticket = 0;
  if (!is_overdue(entry, now)) return;  // heard meanwhile
  if (!quote) {
    // Nobody can say. A vendor that is heard of no symbol at all is replaced on suspicion.
    entry.next_probe = now.steady + patience(entry);
    const bool is_dumb = now.steady - vendors_[*entry.vendor].heard_at > patience(entry);
    if (++entry.probes_failed >= kProbesFailedMax && is_dumb) silence_vendor(*entry.vendor, now);
    return;
  }
  const Timestamp known =
      entry.last_as_of == Timestamp::min() ? entry.heard_wall : entry.last_as_of;
  if (quote->as_of > known + kNewerBy && is_news(entry.last_quote, *quote)) {
    return silent(entry, now);
  }
  // It is the market that is silent.
  entry.probes_in_vain = std::min(entry.probes_in_vain + 1, kVainBackoffMax);
  entry.next_probe = now.steady + patience(entry) * (1 << entry.probes_in_vain);
}

void LiveTable::silent(Entry& entry, Moment now) {
  const std::size_t vendor = *entry.vendor;
  std::size_t others = 0;
  std::size_t overdue = 0;
  for (const auto& [symbol, other] : entries_) {
    if (&other == &entry || other.vendor != vendor || !is_watched(other)) continue;
    ++others;
    if (is_overdue(other, now)) ++overdue;
  }
  if (2 * overdue >= others) return silence_vendor(vendor, now);
  ++vendors_[vendor].status.silences;
  actions_.report(vendor, LiveEvent::Silent, entry.symbol.view());
  entry.bars.begin_outage(entry.heard_wall);
  exclude(entry, vendor, now.steady + kSilentFor);
  entry.restart(now.steady);
  entry.next_probe = now.steady + patience(entry);
  if (const auto next = choose(entry, now)) return move(entry, next, now);
  // Nobody else has it, and the others there are well: subscribed anew.
  std::erase_if(entry.excluded, [&](const auto& known) { return known.first == vendor; });
  actions_.unsubscribe(vendor, entry.symbol);
  actions_.subscribe(vendor, entry.symbol);
}

void LiveTable::silence_vendor(std::size_t vendor, Moment now) {
  Vendor& with = vendors_[vendor];
  ++with.status.silences;
  set_trouble(with);
  with.must_be_heard = true;
  actions_.report(vendor, LiveEvent::Silent, "nothing is heard of it, though it is connected");
  for (auto& [symbol, entry] : entries_) {
    if (entry.vendor != vendor) continue;
    entry.bars.begin_outage(entry.heard_wall);
    entry.restart(now.steady);
    entry.next_probe = now.steady + patience(entry);
    entry.probes_failed = 0;
  }
  actions_.reconnect(vendor);
  review_symbols(now);
  place_canaries(now);
}

}  // namespace ziggy::market
