#include "sim_days.hpp"

#include <algorithm>
#include <cmath>

#include "sim_random.hpp"

namespace ziggy::feed::sim {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

// The year whose prices kListings names; before and after they drift by kGrowth a year.
constexpr sys_days kAnchorDay{std::chrono::year{2026} / 1 / 1};
constexpr double kGrowth = 0.06;
constexpr double kDaysInYear = 365.25;

// How much of yesterday's distance from the drift remains: half of it is gone after 350 sessions,
// which no strategy can use, and after 25 years a price is still near what a reader expects.
constexpr double kMemory = 0.998;

// Part of a day's variance that happens overnight.
constexpr double kOvernight = 0.25;

// Salts that keep the uses of one seed apart.
constexpr std::uint64_t kMarketSalt = 1;
constexpr std::uint64_t kRegimeSalt = 2;
constexpr std::uint64_t kDaySalt = 3;
constexpr std::uint64_t kTreeSalt = 4;
constexpr std::uint64_t kShapeSalt = 5;

enum class Regime : std::uint8_t { Calm, Normal, Turbulent };

double regime_factor(Regime regime) {
  constexpr double kFactors[] = {0.65, 1.0, 2.0};
  return kFactors[static_cast<std::size_t>(regime)];
}

// Regimes last for weeks: calm and normal about fifty sessions, turbulence about twenty.
Regime next_regime(Regime regime, double uniform) {
  switch (regime) {
    case Regime::Calm:
      return uniform < 0.02 ? Regime::Normal : Regime::Calm;
    case Regime::Normal:
      if (uniform < 0.012) return Regime::Calm;
      return uniform < 0.020 ? Regime::Turbulent : Regime::Normal;
    case Regime::Turbulent:
      return uniform < 0.05 ? Regime::Normal : Regime::Turbulent;
  }
  return Regime::Normal;
}

std::uint64_t day_number(sys_days date) {
  return static_cast<std::uint64_t>((date - kFirstDay).count());
}

double drift_log(const Listing& listing, sys_days date) {
  const double years = static_cast<double>((date - kAnchorDay).count()) / kDaysInYear;
  return std::log(listing.price * 100) + kGrowth * years;
}

// Cents, at least a dollar, so that a cent never is a big step.
std::int32_t to_cents(double value) {
  return static_cast<std::int32_t>(std::clamp<long long>(std::llround(value), 100, 2'000'000'000));
}

// A split when the price has grown unhandy, on a day that only the seed knows.
std::optional<double> draw_split(const Listing& listing, double price_cents, Draw& draw) {
  if (price_cents < listing.price * 100 * 0.9 || draw.uniform() > 0.004) return std::nullopt;
  constexpr double kRatios[] = {2, 2, 3, 4};
  return kRatios[draw.below(4)];
}

// Quarterly, on the second Thursday of the second month of the quarter.
bool is_dividend_day(sys_days date) {
  const std::chrono::year_month_day ymd{date};
  return static_cast<unsigned>(ymd.month()) % 3 == 2 &&
         date == sys_days{ymd.year() / ymd.month() / std::chrono::Thursday[2]};
}

struct Mover {
  const Listing& listing;
  std::uint64_t seed;
  std::uint64_t key;
  double distance = 0;  // from the drift, in logarithms
  double factor = 1;    // of the raw price, by splits and dividends so far
  Regime regime = Regime::Normal;
};

void apply_actions(Mover& mover, sys_days date, double price_cents, Draw& draw, Days& out) {
  if (const auto ratio = draw_split(mover.listing, price_cents, draw)) {
    mover.factor /= *ratio;
    price_cents /= *ratio;
    out.actions.push_back({CorporateAction::Kind::Split, Timestamp{date}, *ratio});
  }
  if (mover.listing.dividend_yield > 0 && is_dividend_day(date)) {
    const double cents = std::round(price_cents * mover.listing.dividend_yield / 4);
    if (cents >= 1) {
      mover.factor *= 1 - cents / price_cents;
      out.actions.push_back({CorporateAction::Kind::Dividend, Timestamp{date}, cents / 100});
    }
  }
}

}  // namespace

std::optional<std::size_t> find_listing(Symbol symbol) noexcept {
  const auto* const found =
      std::ranges::find(kListings, symbol.view(), [](const Listing& l) { return l.symbol; });
  if (found == kListings.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kListings.begin());
}

Hours Timetable::at(std::size_t index) const {
  if (is_listed_) return sessions_[index];
  const sys_days date = kFirstDay + days{index};
  return {date, Timestamp{date}, Timestamp{date + days{1}}};
}

std::size_t Timetable::opened(Timestamp time) const {
  if (is_listed_) {
    return static_cast<std::size_t>(std::ranges::upper_bound(sessions_, time, {}, &Hours::open) -
                                    sessions_.begin());
  }
  return time < Timestamp{kFirstDay}
             ? 0
             : static_cast<std::size_t>((date_of(time) - kFirstDay).count()) + 1;
}

std::size_t Timetable::before(sys_days date) const {
  if (is_listed_) {
    return static_cast<std::size_t>(std::ranges::lower_bound(sessions_, date, {}, &Hours::date) -
                                    sessions_.begin());
  }
  return date < kFirstDay ? 0 : static_cast<std::size_t>((date - kFirstDay).count());
}

Days make_days(const Listing& listing, std::uint64_t seed, const Timetable& timetable,
               std::size_t count, bool is_exchange) {
  Days out;
  out.days.reserve(count);
  Mover mover{listing, seed, mix(seed, hash_text(listing.symbol))};
  const bool has_actions = is_exchange && !listing.is_crypto();
  const bool has_gaps = is_exchange && !timetable.is_seamless();
  double previous = std::exp(drift_log(listing, kFirstDay));
  for (std::size_t i = 0; i < count; ++i) {
    const sys_days date = timetable.at(i).date;
    const std::uint64_t number = day_number(date);
    Draw common{mix(mix(seed, kMarketSalt), number)};
    Draw own{mix(mix(mover.key, kDaySalt), number)};
    Draw weather{mix(mix(seed, kRegimeSalt), number)};
    mover.regime = next_regime(mover.regime, weather.uniform());
    const double deviation = listing.deviation * regime_factor(mover.regime);
    // The common part is that of an index of 1 % a day; what is left of the variance is its own.
    const double shared = std::min(0.9, listing.beta * 0.009 / listing.deviation);
    const auto step = [&] {
      return shared * common.normal() + std::sqrt(1 - shared * shared) * own.normal();
    };
    const double drift = drift_log(listing, date);
    if (has_actions && i > 0) apply_actions(mover, date, previous, own, out);
    double gap = has_gaps ? deviation * std::sqrt(kOvernight) * step() : 0;
    if (is_exchange && own.uniform() < 0.008) gap *= 4;  // news overnight
    const double intraday = deviation * (has_gaps ? std::sqrt(1 - kOvernight) : 1);
    const double opening = mover.distance + gap;
    mover.distance = kMemory * opening + intraday * step();
    Day day{.deviation = static_cast<float>(intraday),
            .is_turbulent = mover.regime == Regime::Turbulent};
    day.close = to_cents(std::exp(drift + mover.distance) * mover.factor);
    day.open = i > 0 && !has_gaps ? out.days.back().close
                                  : to_cents(std::exp(drift + opening) * mover.factor);
    out.days.push_back(day);
    previous = day.close;
  }
  return out;
}

Session make_session(const Listing& listing, std::uint64_t seed, std::size_t index, const Day& day,
                     const Hours& hours, bool is_exchange) {
  const std::uint64_t key = mix(mix(seed, hash_text(listing.symbol)), index);
  Draw draw{mix(key, kShapeSalt)};
  const auto open = static_cast<double>(day.open);
  const auto close = static_cast<double>(day.close);
  const double deviation = static_cast<double>(day.deviation) * open;
  Node root{.open = day.open, .close = day.close, .variance = deviation * deviation};
  root.high = std::max<std::int64_t>(
      {day.open, day.close, std::llround(bridge_high(open, close, root.variance, draw.uniform()))});
  root.low = std::min<std::int64_t>(
      {day.open, day.close,
       -std::llround(bridge_high(-open, -close, root.variance, draw.uniform()))});
  root.low = std::max<std::int64_t>(root.low, 1);
  if (root.high == root.low) ++root.high;
  const double move = std::abs(std::log(close / open)) / static_cast<double>(day.deviation);
  root.volume = std::llround(listing.volume * listing.units_per_volume *
                             std::exp(0.25 * draw.normal()) * (0.7 + 0.4 * move));
  const auto seconds = static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(hours.close - hours.open).count() / 1800 *
      1800);
  Seconds halt;
  // A pause of 5 to 15 minutes on a five-minute boundary, not in the first or last half hour.
  const double halts = is_exchange && !listing.is_crypto() ? (day.is_turbulent ? 0.01 : 0.001) : 0;
  if (draw.uniform() < halts) {
    const auto slots = static_cast<std::uint64_t>(seconds / 300 - 15);
    halt.from = static_cast<std::int32_t>(6 + draw.below(slots)) * 300;
    halt.to = halt.from + static_cast<std::int32_t>(1 + draw.below(3)) * 300;
  }
  return Session{root, mix(key, kTreeSalt), seconds, halt, is_exchange && !listing.is_crypto()};
}

}  // namespace ziggy::feed::sim
