#include "ziggy/store/quality_store.hpp"

#include <soci/soci.h>

#include "backend.hpp"

namespace ziggy::store {
namespace {

Timestamp time_of(long long nanos) { return Timestamp{std::chrono::nanoseconds{nanos}}; }

GapState gap_state_of(std::string_view name) {
  if (name == "healed") return GapState::Healed;
  return name == "no_trades" ? GapState::NoTrades : GapState::Open;
}

void quarantine_one(soci::session& session, const Quarantined& row) {
  const long long ts = row.ts.time_since_epoch().count();
  const long long row_count = row.row_count;
  const std::string symbol{row.symbol.view()};
  const std::string interval{row.interval ? interval_name(*row.interval) : std::string_view{}};
  session << "INSERT INTO quarantine (id, ts, provider, operation, symbol, interval, rule,"
             " row_count, detail, sample, correlation_id) VALUES (:id, :ts, :provider, :operation,"
             " :symbol, :interval, :rule, :row_count, :detail, :sample, :correlation_id)",
      soci::use(row.id, "id"), soci::use(ts, "ts"), soci::use(row.provider, "provider"),
      soci::use(row.operation, "operation"), soci::use(symbol, "symbol"),
      soci::use(interval, "interval"), soci::use(row.rule, "rule"),
      soci::use(row_count, "row_count"), soci::use(row.detail, "detail"),
      soci::use(row.sample, "sample"), soci::use(row.correlation_id, "correlation_id");
}

void write_gap(soci::session& session, const BarGap& gap) {
  const std::string symbol{gap.symbol.view()};
  const std::string interval{interval_name(gap.interval)};
  const std::string state{gap_state_name(gap.state)};
  const long long first = gap.range.start.time_since_epoch().count();
  const long long end = gap.range.end.time_since_epoch().count();
  const long long found_at = gap.found_at.time_since_epoch().count();
  const long long checked_at = gap.checked_at.time_since_epoch().count();
  const long long attempts = gap.attempts;
  const long long next_try_at = gap.next_try_at.time_since_epoch().count();
  session
      << "INSERT INTO bar_gaps (symbol, interval, first_time, end_time, state, found_at,"
         " checked_at, attempts, said_by, next_try_at) VALUES (:symbol, :interval, :first, :end,"
         " :state, :found_at, :checked_at, :attempts, :said_by, :next_try_at)"
         " ON CONFLICT (symbol, interval, first_time) DO UPDATE SET"
         " end_time = excluded.end_time, state = excluded.state,"
         " checked_at = excluded.checked_at, attempts = excluded.attempts,"
         " said_by = excluded.said_by, next_try_at = excluded.next_try_at",
      soci::use(symbol, "symbol"), soci::use(interval, "interval"), soci::use(first, "first"),
      soci::use(end, "end"), soci::use(state, "state"), soci::use(found_at, "found_at"),
      soci::use(checked_at, "checked_at"), soci::use(attempts, "attempts"),
      soci::use(gap.said_by, "said_by"), soci::use(next_try_at, "next_try_at");
}

/// One row as the database gives it.
struct RawGap {
  std::string symbol;
  std::string interval;
  long long first = 0;
  long long end = 0;
  std::string state;
  long long found_at = 0;
  long long checked_at = 0;
  long long attempts = 0;
  std::string said_by;
  long long next_try_at = 0;

  [[nodiscard]] Result<BarGap> value() const {
    ZIGGY_TRY(parsed, Symbol::parse(symbol));
    ZIGGY_TRY(length, parse_interval(interval));
    return BarGap{parsed,
                  length,
                  {time_of(first), time_of(end)},
                  gap_state_of(state),
                  time_of(found_at),
                  time_of(checked_at),
                  attempts,
                  said_by,
                  time_of(next_try_at)};
  }
};

constexpr const char* kSelectGaps =
    "SELECT symbol, interval, first_time, end_time, state, found_at, checked_at, attempts, said_by,"
    " next_try_at FROM bar_gaps ";

Result<std::vector<BarGap>> fetch_gaps(soci::statement& statement, const std::string& where) {
  RawGap raw;
  statement.exchange(soci::into(raw.symbol));
  statement.exchange(soci::into(raw.interval));
  statement.exchange(soci::into(raw.first));
  statement.exchange(soci::into(raw.end));
  statement.exchange(soci::into(raw.state));
  statement.exchange(soci::into(raw.found_at));
  statement.exchange(soci::into(raw.checked_at));
  statement.exchange(soci::into(raw.attempts));
  statement.exchange(soci::into(raw.said_by));
  statement.exchange(soci::into(raw.next_try_at));
  statement.alloc();
  statement.prepare(kSelectGaps + where);
  statement.define_and_bind();
  statement.execute();
  std::vector<BarGap> gaps;
  while (statement.fetch()) {
    ZIGGY_TRY(gap, raw.value());
    gaps.push_back(std::move(gap));
  }
  return gaps;
}

Result<> check_gaps(std::span<const BarGap> gaps) {
  for (const BarGap& gap : gaps) {
    if (gap.range.end <= gap.range.start || gap.attempts < 0) {
      return fail(ErrorCode::ValidationFailed, "a gap ends after its start");
    }
  }
  return {};
}

}  // namespace

std::string_view gap_state_name(GapState state) noexcept {
  switch (state) {
    case GapState::Open:
      return "open";
    case GapState::Healed:
      return "healed";
    case GapState::NoTrades:
      return "no_trades";
  }
  return "open";
}

Result<> QualityStore::quarantine(std::span<const Quarantined> rows) {
  for (const Quarantined& row : rows) {
    if (row.provider.empty() || row.operation.empty() || row.rule.empty() || row.row_count < 1) {
      return fail(ErrorCode::ValidationFailed,
                  "what is put into quarantine has a provider, an operation, a rule and rows");
    }
  }
  if (rows.empty()) return {};
  return backend_.write([&](Connection& connection) -> Result<> {
    for (const Quarantined& row : rows) quarantine_one(connection.session(), row);
    return {};
  });
}

Result<std::vector<Quarantined>> QualityStore::quarantined(std::size_t limit,
                                                           std::string_view before) {
  const std::string after{before};
  const auto rows = static_cast<long long>(limit);
  return backend_.read([&](Connection& connection) -> Result<std::vector<Quarantined>> {
    Quarantined row;
    long long ts = 0;
    long long row_count = 0;
    std::string symbol;
    std::string interval;
    soci::statement statement =
        (connection.session().prepare
             << "SELECT id, ts, provider, operation, symbol, interval, rule, row_count, detail,"
                " sample, correlation_id FROM quarantine WHERE :before = ''"
                " OR ts < (SELECT ts FROM quarantine WHERE id = :before2)"
                " OR (ts = (SELECT ts FROM quarantine WHERE id = :before3) AND id < :before4)"
                " ORDER BY ts DESC, id DESC LIMIT :rows",
         soci::use(after, "before"), soci::use(after, "before2"), soci::use(after, "before3"),
         soci::use(after, "before4"), soci::use(rows, "rows"), soci::into(row.id), soci::into(ts),
         soci::into(row.provider), soci::into(row.operation), soci::into(symbol),
         soci::into(interval), soci::into(row.rule), soci::into(row_count), soci::into(row.detail),
         soci::into(row.sample), soci::into(row.correlation_id));
    statement.execute();
    std::vector<Quarantined> found;
    while (statement.fetch()) {
      ZIGGY_TRY(parsed, Symbol::parse(symbol));
      row.symbol = parsed;
      row.ts = time_of(ts);
      row.row_count = row_count;
      row.interval.reset();
      if (!interval.empty()) {
        ZIGGY_TRY(length, parse_interval(interval));
        row.interval = length;
      }
      found.push_back(row);
    }
    return found;
  });
}

Result<std::size_t> QualityStore::keep_quarantined(std::size_t count) {
  const auto kept = static_cast<long long>(count);
  return backend_.write([&](Connection& connection) -> Result<std::size_t> {
    soci::statement statement =
        (connection.session().prepare
             << "DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine"
                " ORDER BY ts DESC, id DESC LIMIT 1000000 OFFSET :kept)",
         soci::use(kept, "kept"));
    statement.execute(true);
    return static_cast<std::size_t>(std::max(0LL, statement.get_affected_rows()));
  });
}

Result<> QualityStore::write_gaps(std::span<const BarGap> gaps) {
  if (auto fine = check_gaps(gaps); !fine || gaps.empty()) return fine;
  return backend_.write([&](Connection& connection) -> Result<> {
    for (const BarGap& gap : gaps) write_gap(connection.session(), gap);
    return {};
  });
}

Result<> QualityStore::replace_gaps(Symbol symbol, Interval interval, TimeRange range,
                                    std::span<const BarGap> gaps) {
  if (auto fine = check_gaps(gaps); !fine) return fine;
  const std::string name{symbol.view()};
  const std::string length{interval_name(interval)};
  const long long from = range.start.time_since_epoch().count();
  const long long to = range.end.time_since_epoch().count();
  return backend_.write([&](Connection& connection) -> Result<> {
    connection.session() << "DELETE FROM bar_gaps WHERE symbol = :symbol AND interval = :interval"
                            " AND first_time >= :from AND first_time < :to",
        soci::use(name, "symbol"), soci::use(length, "interval"), soci::use(from, "from"),
        soci::use(to, "to");
    for (const BarGap& gap : gaps) write_gap(connection.session(), gap);
    return {};
  });
}

Result<std::vector<BarGap>> QualityStore::gaps(Symbol symbol) {
  const std::string name{symbol.view()};
  return backend_.read([&](Connection& connection) -> Result<std::vector<BarGap>> {
    soci::statement statement{connection.session()};
    statement.exchange(soci::use(name, "symbol"));
    return fetch_gaps(statement, "WHERE symbol = :symbol ORDER BY interval, first_time");
  });
}

Result<std::vector<BarGap>> QualityStore::due_gaps(Timestamp now, std::size_t limit) {
  const long long by = now.time_since_epoch().count();
  const auto rows = static_cast<long long>(limit);
  return backend_.read([&](Connection& connection) -> Result<std::vector<BarGap>> {
    soci::statement statement{connection.session()};
    statement.exchange(soci::use(by, "now"));
    statement.exchange(soci::use(rows, "rows"));
    return fetch_gaps(statement,
                      "WHERE state = 'open' AND next_try_at <= :now"
                      " ORDER BY next_try_at, symbol, interval, first_time LIMIT :rows");
  });
}

}  // namespace ziggy::store
