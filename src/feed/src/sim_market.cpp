#include "sim_market.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "sim_random.hpp"
#include "sim_view.hpp"

namespace ziggy::feed::sim {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::uint64_t kQuoteSalt = 11;

// Days are made up to two years ahead, so that hardly any process makes them twice.
sys_days horizon_of(Timestamp now) {
  const std::chrono::year_month_day today{std::max(date_of(now), kFirstDay)};
  return sys_days{(today.year() + std::chrono::years{2}) / 1 / 1};
}

double to_price(std::int64_t cents) { return static_cast<double>(cents) / 100; }

// Bid and ask around the last print, a cent apart at least, with sizes; new at every print.
void put_book(Quote& quote, const Listing& listing, std::int64_t last_cents, std::uint64_t key) {
  Draw draw{key};
  const auto spread =
      std::max<std::int64_t>(1, std::llround(listing.spread_cents * (0.6 + 0.8 * draw.uniform())));
  const auto below = static_cast<std::int64_t>(draw.below(static_cast<std::uint64_t>(spread) + 1));
  const std::int64_t bid = std::max<std::int64_t>(1, last_cents - below);
  quote.bid = to_price(bid);
  quote.ask = to_price(bid + spread);
  const auto size = [&] {
    return listing.is_crypto() ? static_cast<double>(1 + draw.below(20'000)) / 10'000
                               : static_cast<double>(100 * (1 + draw.below(20)));
  };
  quote.bid_size = size();
  quote.ask_size = size();
}

}  // namespace

struct SimMarket::World {
  sys_days horizon;
  Timetable coins;
  Timetable shares;
  mutable std::array<std::once_flag, kListings.size()> made;
  mutable std::array<Days, kListings.size()> days;
};

SimMarket::SimMarket(std::uint64_t seed, ExchangeHours exchange)
    : seed_{seed}, exchange_{std::move(exchange)} {}

struct SimMarket::View : SymbolView {
  std::shared_ptr<const World> world;
};

SimMarket::View SimMarket::view(std::size_t listing, Timestamp now) const {
  std::shared_ptr<const World> world;
  {
    const std::lock_guard lock{mutex_};
    if (!world_ || Timestamp{world_->horizon} <= now) {
      auto fresh = std::make_shared<World>();
      fresh->horizon = horizon_of(now);
      if (exchange_) fresh->shares = Timetable{exchange_(fresh->horizon)};
      world_ = std::move(fresh);
    }
    world = world_;
  }
  const Listing& symbol = kListings[listing];
  const Timetable& timetable = symbol.is_crypto() ? world->coins : world->shares;
  const bool is_exchange = static_cast<bool>(exchange_);
  std::call_once(world->made[listing], [&] {
    world->days[listing] =
        make_days(symbol, seed_, timetable, timetable.until(world->horizon), is_exchange);
  });
  View view;
  view.listing = &symbol;
  view.timetable = &timetable;
  view.days = &world->days[listing];
  view.seed = seed_;
  view.is_exchange = is_exchange;
  view.world = std::move(world);
  return view;
}

std::optional<Quote> SimMarket::quote(std::size_t listing, Timestamp now) const {
  const View symbol = view(listing, now);
  const std::size_t opened = symbol.timetable->opened(now);
  if (opened == 0) return std::nullopt;
  const std::size_t index = opened - 1;
  const Hours hours = symbol.timetable->at(index);
  const Session session = symbol.session(index);
  Quote quote;
  quote.symbol = *Symbol::parse(symbol.listing->symbol);
  quote.prev_close = symbol.previous_close(index);
  const double step = symbol.listing->units_per_volume;
  if (now >= hours.close) {
    quote.as_of = hours.close;
    quote.last = to_price(session.root().close);
    quote.volume = static_cast<double>(session.root().volume) / step;
    quote.market_state = MarketState::Closed;
    return quote;
  }
  const auto quarters = (now - hours.open) / std::chrono::milliseconds{250};
  const auto quarter = static_cast<std::size_t>(quarters % 4);
  const auto moment = session.at(static_cast<std::int32_t>(quarters / 4));
  quote.as_of = hours.open + quarters * std::chrono::milliseconds{250};
  const Node& second = moment.second;
  if (second.is_empty) {
    quote.market_state = MarketState::Halted;
    quote.as_of = hours.open + std::chrono::seconds{session.halt().from};
    quote.last = to_price(second.close);
    quote.volume = static_cast<double>(moment.volume_before) / step;
    return quote;
  }
  const std::int64_t last = prints_of(second).price[quarter];
  const auto print = static_cast<std::int64_t>(quarter);
  // Whole units: each print's size is the difference of two rounded sums.
  const std::int64_t traded = second.volume * (print + 1) / 4;
  const std::int64_t traded_before = second.volume * print / 4;
  quote.market_state = MarketState::Open;
  quote.last = to_price(last);
  quote.last_size = static_cast<double>(traded - traded_before) / step;
  quote.volume = static_cast<double>(moment.volume_before + traded) / step;
  put_book(quote, *symbol.listing, last,
           mix(mix(seed_ + listing, kQuoteSalt),
               static_cast<std::uint64_t>(quote.as_of.time_since_epoch().count())));
  return quote;
}

BarColumns SimMarket::bars(std::size_t listing, Interval interval, TimeRange range,
                           std::size_t limit, Timestamp now) const {
  const View symbol = view(listing, now);
  const BarsWanted wanted{range, limit, now};
  if (interval == Interval::Day) return day_bars(symbol, wanted);
  if (interval > Interval::Day) return calendar_bars(symbol, interval, wanted);
  return intraday_bars(symbol, interval, wanted);
}

std::vector<CorporateAction> SimMarket::actions(std::size_t listing, Timestamp now) const {
  const View symbol = view(listing, now);
  std::vector<CorporateAction> known = symbol.days->actions;
  std::erase_if(known, [&](const CorporateAction& action) { return action.ex_date > now; });
  return known;
}

std::vector<Story> SimMarket::stories(std::size_t listing, TimeRange range) const {
  const View symbol = view(listing, range.end);
  std::vector<Story> stories;
  const std::string_view name = symbol.listing->symbol;
  const auto tell = [&](Timestamp time, std::string title) {
    if (time >= range.start && time < range.end) stories.push_back({time, std::move(title)});
  };
  constexpr std::size_t kSessionsMax = 400;
  const std::size_t opened = symbol.timetable->opened(range.start);
  const std::size_t first = opened == 0 ? 0 : opened - 1;
  const std::size_t last = std::min(symbol.timetable->opened(range.end), first + kSessionsMax);
  for (std::size_t i = first; i < last; ++i) {
    const Day& day = symbol.days->days[i];
    const Hours hours = symbol.timetable->at(i);
    for (const CorporateAction& action : symbol.days->actions) {
      if (date_of(action.ex_date) != hours.date) continue;
      tell(hours.open,
           action.kind == CorporateAction::Kind::Split
               ? fmt::format("{} trades {:g} for 1 after its split", name, action.value)
               : fmt::format("{} trades without its dividend of {:.2f}", name, action.value));
    }
    if (const auto before = symbol.previous_close(i)) {
      const double gap = to_price(day.open) / *before - 1;
      if (std::abs(gap) > 1.5 * static_cast<double>(day.deviation)) {
        tell(hours.open, fmt::format("{} opens {:.1f} % {}", name, std::abs(gap) * 100,
                                     gap > 0 ? "higher" : "lower"));
      }
    }
    const Session session = symbol.session(i);
    if (session.halt().to > 0) {
      tell(hours.open + std::chrono::seconds{session.halt().from},
           fmt::format("Trading in {} is paused", name));
      tell(hours.open + std::chrono::seconds{session.halt().to},
           fmt::format("Trading in {} resumes", name));
    }
    const double move = std::log(to_price(day.close) / to_price(day.open));
    if (std::abs(move) > 1.8 * static_cast<double>(day.deviation)) {
      tell(hours.close,
           fmt::format("{} {} {:.1f} % in one session", name, move > 0 ? "gains" : "loses",
                       std::abs(std::expm1(move)) * 100));
    }
  }
  return stories;
}

}  // namespace ziggy::feed::sim
