#include <algorithm>
#include <utility>

#include "live_table.hpp"

/// The part of LiveTable that decides which vendor serves which symbol.
namespace ziggy::market {
namespace {

using feed::StreamState;
using std::chrono::minutes;
using std::chrono::seconds;

// "Unknown" and "not on your plan" seldom change; a vendor's limit of symbols does.
constexpr minutes kRefusedFor{10};
constexpr minutes kFullFor{1};
// A plan or key that was refused may have been mended meanwhile.
constexpr minutes kRetryRefused{10};
// A symbol that could be better off elsewhere changes only far from the minute's end, so that no
// bar falls between the two.
constexpr seconds kQuietFrom{10};
constexpr seconds kQuietUntil{50};

bool is_lasting(const Error& error) {
  return error.code() == ErrorCode::UnknownSymbol || error.code() == ErrorCode::NotEntitled ||
         error.code() == ErrorCode::NotSupported;
}

}  // namespace

bool LiveTable::is_excluded(const Entry& entry, std::size_t vendor, Moment now) const {
  return std::ranges::any_of(entry.excluded, [&](const auto& exclusion) {
    return exclusion.first == vendor && now.steady < exclusion.second;
  });
}

void LiveTable::exclude(Entry& entry, std::size_t vendor, Monotonic until) {
  std::erase_if(entry.excluded, [&](const auto& known) { return known.first == vendor; });
  entry.excluded.emplace_back(vendor, until);
}

std::optional<std::size_t> LiveTable::choose(const Entry& entry, Moment now) {
  std::vector<std::size_t> order = actions_.order(entry.symbol);
  if (order.empty()) return std::nullopt;
  const auto possible = [&](std::size_t vendor) { return !is_excluded(entry, vendor, now); };
  const auto up_or_trying = [&](std::size_t vendor) {
    return possible(vendor) && vendors_[vendor].status.state != StreamState::Refused;
  };
  for (const std::size_t vendor : order) {
    if (possible(vendor) && !vendors_[vendor].status.is_troubled) return vendor;
  }
  // All are in trouble: one that is up now is better than one that may be well some day, and who
  // serves stays if it is.
  const auto is_up = [&](std::size_t vendor) {
    const Vendor& with = vendors_[vendor];
    const bool is_dumb = with.must_be_heard && !with.well_since;
    return possible(vendor) && with.status.state == StreamState::Up && !is_dumb;
  };
  const bool is_served = entry.vendor && std::ranges::find(order, *entry.vendor) != order.end();
  if (is_served && is_up(*entry.vendor)) return entry.vendor;
  for (const std::size_t vendor : order) {
    if (is_up(vendor)) return vendor;
  }
  // Nobody is: stay rather than jump, if staying may help; canaries try the others meanwhile.
  if (is_served && up_or_trying(*entry.vendor)) return entry.vendor;
  for (const std::size_t vendor : order) {
    if (up_or_trying(vendor)) return vendor;
  }
  const auto refused = std::ranges::find_if(order, possible);
  if (refused == order.end()) return std::nullopt;
  return *refused;
}

void LiveTable::move(Entry& entry, std::optional<std::size_t> to, Moment now) {
  const auto from = entry.vendor;
  if (from == to) return;
  entry.vendor = to;
  entry.moved_at = now.steady;
  entry.lost_since.reset();
  entry.restart(now.steady);
  if (from) {
    ++moves_;
    entry.bars.begin_outage(now.wall);
    sync(*from, entry.symbol);
  }
  if (to) sync(*to, entry.symbol);
}

void LiveTable::sync(std::size_t vendor, const Symbol& symbol) {
  Vendor& with = vendors_[vendor];
  const auto found = entries_.find(symbol);
  const bool is_serving = found != entries_.end() && found->second.vendor == vendor;
  if (is_serving || with.canary == symbol) {
    if (with.subscribed.insert(symbol).second) actions_.subscribe(vendor, symbol);
  } else if (with.subscribed.erase(symbol) > 0) {
    actions_.unsubscribe(vendor, symbol);
  }
}

void LiveTable::on_subscribed(std::size_t vendor, const Symbol& symbol, const Result<>& outcome,
                              Moment now) {
  const auto found = entries_.find(symbol);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (!outcome && outcome.error().code() == ErrorCode::ProviderUnavailable) {
    // One of a vendor's sockets is lost, the one with this symbol; it comes back by itself.
    if (entry.vendor != vendor) return;
    entry.bars.begin_outage(entry.heard_wall);
    if (!entry.lost_since) entry.lost_since = now.steady;
    return;
  }
  if (!outcome) {
    const auto wait = is_lasting(outcome.error()) ? kRefusedFor : kFullFor;
    exclude(entry, vendor, now.steady + wait);
    if (vendors_[vendor].canary == symbol) {
      vendors_[vendor].canary.reset();
      sync(vendor, symbol);
    }
    if (entry.vendor == vendor) move(entry, choose(entry, now), now);
    return;
  }
  std::erase_if(entry.excluded, [&](const auto& known) { return known.first == vendor; });
  if (entry.vendor != vendor) return;
  entry.lost_since.reset();
  entry.restart(now.steady);
  end_outage(entry, now);
}

void LiveTable::on_state(std::size_t vendor, StreamState state, std::string_view detail,
                         Moment now) {
  Vendor& with = vendors_[vendor];
  const StreamState before = std::exchange(with.status.state, state);
  with.status.detail = detail;
  if (state == before) return;
  with.status.since = now.wall;
  if (state == StreamState::Up) {
    with.up_since = now.steady;
    with.heard_wall = now.wall;
    with.not_up_since.reset();
    for (auto& [symbol, entry] : entries_) {
      if (entry.vendor == vendor) entry.restart(now.steady);
    }
    actions_.report(vendor, LiveEvent::Up, detail);
    // Symbols that nobody serves wait for the first who can.
    if (with.status.is_troubled) review_symbols(now);
    return;
  }
  if (before == StreamState::Up && state != StreamState::Idle) {
    ++with.status.outages;
    // Bytes in flight are lost with the connection: what was heard last is what is known.
    for (auto& [symbol, entry] : entries_) {
      if (entry.vendor == vendor) entry.bars.begin_outage(with.heard_wall);
    }
    actions_.report(vendor, LiveEvent::Down, detail);
  }
  with.well_since.reset();
  if (state == StreamState::Idle) {
    with.not_up_since.reset();
  } else if (!with.not_up_since) {
    with.not_up_since = now.steady;
  }
  if (state == StreamState::Refused) {
    with.next_retry = now.steady + kRetryRefused;
    set_trouble(with);
    actions_.report(vendor, LiveEvent::Refused, detail);
    review_symbols(now);
  }
}

void LiveTable::set_trouble(Vendor& vendor) {
  vendor.status.is_troubled = true;
  vendor.well_since.reset();
}

void LiveTable::review_vendors(Moment now) {
  for (std::size_t i = 0; i < vendors_.size(); ++i) {
    Vendor& vendor = vendors_[i];
    if (vendor.not_up_since && now.steady - *vendor.not_up_since >= settings_.down_grace &&
        !vendor.status.is_troubled) {
      set_trouble(vendor);
    }
    if (!vendor.status.is_troubled) continue;
    const bool is_up = vendor.status.state == StreamState::Up;
    if (vendor.status.state == StreamState::Refused && !vendor.subscribed.empty() &&
        now.steady >= vendor.next_retry) {
      vendor.next_retry = now.steady + kRetryRefused;
      actions_.reconnect(i);
    }
    // Nothing can be heard while the exchange is closed, and nothing is lost by trying.
    const bool can_be_heard = settings_.is_always_open || is_exchange_open_ ||
                              (vendor.canary && vendor.canary->is_crypto());
    const bool is_enough = !vendor.must_be_heard || !can_be_heard;
    if (is_up && is_enough && !vendor.well_since) vendor.well_since = now.steady;
    const bool is_well =
        is_up && vendor.well_since && now.steady - *vendor.well_since >= settings_.stable_for;
    if (!is_well) continue;
    vendor.status.is_troubled = false;
    vendor.must_be_heard = false;
    vendor.well_since.reset();
  }
}

void LiveTable::review_symbols(Moment now) {
  const auto second = now.wall - std::chrono::floor<minutes>(now.wall);
  const bool is_quiet = second >= kQuietFrom && second < kQuietUntil;
  for (auto& [symbol, entry] : entries_) {
    const auto from = entry.vendor;
    const bool is_lost = entry.lost_since && now.steady - *entry.lost_since >= settings_.down_grace;
    if (is_lost) exclude(entry, *from, now.steady + kFullFor);
    const auto best = choose(entry, now);
    if (is_lost && !best) {
      // Nobody else has it: it stays where it may come back.
      std::erase_if(entry.excluded, [&](const auto& known) { return known.first == from; });
      continue;
    }
    if (best == from) continue;
    const bool must = !entry.vendor || vendors_[*entry.vendor].status.is_troubled ||
                      is_excluded(entry, *entry.vendor, now);
    const bool may = is_quiet && now.steady - entry.moved_at >= settings_.stable_for;
    if (must || may) move(entry, best, now);
  }
}

void LiveTable::place_canaries(Moment now) {
  for (std::size_t i = 0; i < vendors_.size(); ++i) {
    Vendor& vendor = vendors_[i];
    // Whoever serves in trouble may not come back: then the worst is better.
    const auto prefers = [&](const Entry& entry) {
      if (is_excluded(entry, i, now) || entry.vendor == i) return false;
      const bool is_forlorn = !entry.vendor || vendors_[*entry.vendor].status.is_troubled;
      for (const std::size_t other : actions_.order(entry.symbol)) {
        if (other == i) return true;
        if (entry.vendor == other && !is_forlorn) return false;
      }
      return false;
    };
    if (vendor.canary) {
      // It sings until its own symbol is served there.
      const auto found = entries_.find(*vendor.canary);
      const bool is_needed = found != entries_.end() && found->second.vendor != i &&
                             (vendor.status.is_troubled || prefers(found->second));
      if (is_needed) continue;
      const Symbol symbol = *std::exchange(vendor.canary, std::nullopt);
      sync(i, symbol);
    }
    if (!vendor.status.is_troubled || !vendor.subscribed.empty()) continue;
    const Entry* liveliest = nullptr;
    for (const auto& [symbol, entry] : entries_) {
      const double pause = entry.usual_pause_s.value_or(1e9);
      if (liveliest != nullptr && pause >= liveliest->usual_pause_s.value_or(1e9)) continue;
      if (prefers(entry)) liveliest = &entry;
    }
    if (liveliest == nullptr) continue;
    vendor.canary = liveliest->symbol;
    sync(i, liveliest->symbol);
  }
}

}  // namespace ziggy::market
