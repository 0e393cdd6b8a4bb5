#include "ziggy/domain/calendar.hpp"

#include "nyse_rules.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;

/// Early trading from 04:00, regular from 09:30, late until 20:00, or 17:00 on days of an early
/// close (NYSE Arca, "Holidays & Trading Hours").
Session nyse_session(sys_days date) noexcept {
  const hours close = nyse::close_of(date);
  return {date, from_new_york(date, hours{4}), from_new_york(date, hours{9} + minutes{30}),
          from_new_york(date, close),
          from_new_york(date, close == hours{16} ? hours{20} : hours{17})};
}

Session crypto_session(sys_days date) noexcept {
  const Timestamp start{date};
  const Timestamp end = start + days{1};
  return {date, start, start, end, end};
}

}  // namespace

const Calendar& Calendar::nyse() noexcept {
  static constexpr Calendar kCalendar{Kind::Nyse};
  return kCalendar;
}

const Calendar& Calendar::crypto() noexcept {
  static constexpr Calendar kCalendar{Kind::Crypto};
  return kCalendar;
}

const Calendar& Calendar::of(const Symbol& symbol) noexcept {
  return symbol.is_crypto() ? crypto() : nyse();
}

sys_days Calendar::local_date(Timestamp time) const noexcept {
  return kind_ == Kind::Crypto ? date_of(time) : new_york_date(time);
}

std::optional<Session> Calendar::session_on(sys_days date) const noexcept {
  if (kind_ == Kind::Crypto) return crypto_session(date);
  if (!nyse::is_session(date)) return std::nullopt;
  return nyse_session(date);
}

std::optional<Session> Calendar::session_at(Timestamp time) const noexcept {
  // No session reaches past its own midnight.
  const std::optional<Session> session = session_on(local_date(time));
  if (!session || time < session->pre_open || time >= session->post_close) return std::nullopt;
  return session;
}

MarketState Calendar::state_at(Timestamp time) const noexcept {
  const std::optional<Session> session = session_at(time);
  if (!session) return MarketState::Closed;
  if (time < session->open) return MarketState::Pre;
  return time < session->close ? MarketState::Open : MarketState::Post;
}

bool Calendar::is_open(Timestamp time) const noexcept {
  return state_at(time) == MarketState::Open;
}

Session Calendar::session_from(sys_days date) const noexcept {
  // The longest closure was 11 to 16 September 2001: this ends within a week.
  while (true) {
    if (const std::optional<Session> session = session_on(date)) return *session;
    date += days{1};
  }
}

Session Calendar::session_until(sys_days date) const noexcept {
  while (true) {
    if (const std::optional<Session> session = session_on(date)) return *session;
    date -= days{1};
  }
}

Timestamp Calendar::next_open(Timestamp time) const noexcept {
  const Session session = session_from(local_date(time));
  return session.open > time ? session.open : session_from(session.date + days{1}).open;
}

Timestamp Calendar::next_close(Timestamp time) const noexcept {
  const Session session = session_from(local_date(time));
  return session.close > time ? session.close : session_from(session.date + days{1}).close;
}

Timestamp Calendar::previous_close(Timestamp time) const noexcept {
  const Session session = session_until(local_date(time));
  return session.close <= time ? session.close : session_until(session.date - days{1}).close;
}

std::vector<Session> Calendar::sessions(sys_days from, sys_days to) const {
  std::vector<Session> found;
  for (sys_days date = from; date < to; date += days{1}) {
    if (const std::optional<Session> session = session_on(date)) found.push_back(*session);
  }
  return found;
}

}  // namespace ziggy
