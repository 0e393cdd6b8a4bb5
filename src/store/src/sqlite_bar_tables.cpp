#include <sqlite3.h>

#include <unordered_map>

#include "bar_tables.hpp"
#include "connection.hpp"

namespace ziggy::store {
namespace {

/// A prepared statement being run: bound from 1 on, reset when it goes.
class Run {
 public:
  explicit Run(sqlite3_stmt* statement) : statement_{statement} {}
  ~Run() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Run& bind(std::int64_t value) {
    sqlite3_bind_int64(statement_, next_++, value);
    return *this;
  }
  Run& bind(double value) {
    sqlite3_bind_double(statement_, next_++, value);
    return *this;
  }
  /// The text has to outlive the run.
  Run& bind(std::string_view text) {
    sqlite3_bind_text(statement_, next_++, text.data(), static_cast<int>(text.size()),
                      SQLITE_STATIC);
    return *this;
  }
  Run& bind_blob(std::string_view bytes) {
    sqlite3_bind_blob64(statement_, next_++, bytes.data(), bytes.size(), SQLITE_STATIC);
    return *this;
  }

  /// SQLITE_ROW, SQLITE_DONE or an error.
  int step() { return sqlite3_step(statement_); }

  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] double real(int column) const { return sqlite3_column_double(statement_, column); }
  /// Lives until the next step.
  [[nodiscard]] std::string_view text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  [[nodiscard]] std::string_view blob(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3_stmt* statement_;
  int next_ = 1;
};

class SqliteBarTables final : public BarTables {
 public:
  explicit SqliteBarTables(sqlite3* connection) : connection_{connection} {}
  ~SqliteBarTables() override {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  }
  SqliteBarTables(const SqliteBarTables&) = delete;
  SqliteBarTables& operator=(const SqliteBarTables&) = delete;

  Result<std::optional<Series>> find(BarKey key) override;
  Result<Series> lock(BarKey key) override;
  Result<std::uint64_t> advance_version(std::int64_t series) override;
  Result<std::vector<BlockHeader>> headers(std::int64_t series, std::int64_t from,
                                           std::int64_t to) override;
  Result<> visit_blocks(std::int64_t series, std::int64_t from, std::int64_t to,
                        const BlockVisitor& visit) override;
  Result<std::optional<BlockHeader>> newest_block(std::int64_t series) override;
  Result<> put_blocks(std::int64_t series, std::span<const Block> blocks) override;
  Result<SourcedBars> tail(std::int64_t series) override;
  Result<> clear_tail(std::int64_t series) override;
  Result<> put_tail(std::int64_t series, const SourcedBars& rows) override;
  Result<std::vector<KeyVersion>> versions_after(std::uint64_t version) override;

 private:
  /// `sql` is a literal: its address names the prepared statement.
  Result<sqlite3_stmt*> prepare(const char* sql) {
    auto& statement = statements_[sql];
    if (statement == nullptr && sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                                   &statement, nullptr) != SQLITE_OK) {
      return failure();
    }
    return statement;
  }

  /// Runs a statement without rows.
  template <class... Values>
  Result<> execute(const char* sql, const Values&... values) {
    ZIGGY_TRY(statement, prepare(sql));
    Run run{statement};
    (run.bind(values), ...);
    if (run.step() != SQLITE_DONE) return failure();
    return {};
  }

  /// Calls `each(run)` for every row; it returns a Result<>.
  template <class Each, class... Values>
  Result<> query(const char* sql, Each each, const Values&... values) {
    ZIGGY_TRY(statement, prepare(sql));
    Run run{statement};
    (run.bind(values), ...);
    int state = run.step();
    for (; state == SQLITE_ROW; state = run.step()) {
      if (auto done = each(run); !done) return done;
    }
    if (state != SQLITE_DONE) return failure();
    return {};
  }

  [[nodiscard]] std::unexpected<Error> failure() const {
    return fail(sqlite_error(connection_, "market data"));
  }

  sqlite3* connection_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

BlockHeader header_of(const Run& run) {
  return {run.integer(0), run.integer(1), run.integer(2), static_cast<std::size_t>(run.integer(3)),
          std::string{run.text(4)}};
}

Result<std::optional<Series>> SqliteBarTables::find(BarKey key) {
  std::optional<Series> found;
  auto done = query(
      "SELECT id, version FROM market_data WHERE symbol = ?1 AND interval = ?2",
      [&found](const Run& run) -> Result<> {
        found = Series{run.integer(0), static_cast<std::uint64_t>(run.integer(1))};
        return {};
      },
      key.symbol.view(), interval_name(key.interval));
  if (!done) return fail(std::move(done).error());
  return found;
}

Result<Series> SqliteBarTables::lock(BarKey key) {
  // BEGIN IMMEDIATE has locked out every other writer already.
  ZIGGY_TRY(found, find(key));
  if (found) return *found;
  const std::string_view asset_class = key.symbol.is_crypto() ? "crypto" : "unknown";
  if (auto done = execute(
          "INSERT INTO symbols (symbol, asset_class) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
          key.symbol.view(), asset_class);
      !done) {
    return fail(std::move(done).error());
  }
  if (auto done = execute("INSERT INTO market_data (symbol, interval) VALUES (?1, ?2)",
                          key.symbol.view(), interval_name(key.interval));
      !done) {
    return fail(std::move(done).error());
  }
  return Series{sqlite3_last_insert_rowid(connection_), 0};
}

Result<std::uint64_t> SqliteBarTables::advance_version(std::int64_t series) {
  std::int64_t version = 0;
  auto done = query("UPDATE market_data_clock SET version = version + 1 RETURNING version",
                    [&version](const Run& run) -> Result<> {
                      version = run.integer(0);
                      return {};
                    });
  if (done) done = execute("UPDATE market_data SET version = ?1 WHERE id = ?2", version, series);
  if (!done) return fail(std::move(done).error());
  return static_cast<std::uint64_t>(version);
}

Result<std::vector<BlockHeader>> SqliteBarTables::headers(std::int64_t series, std::int64_t from,
                                                          std::int64_t to) {
  std::vector<BlockHeader> headers;
  auto done = query(
      "SELECT period, first_time, last_time, bar_count, sources FROM market_data_blocks"
      " WHERE series_id = ?1 AND period BETWEEN ?2 AND ?3 ORDER BY period",
      [&headers](const Run& run) -> Result<> {
        headers.push_back(header_of(run));
        return {};
      },
      series, from, to);
  if (!done) return fail(std::move(done).error());
  return headers;
}

Result<> SqliteBarTables::visit_blocks(std::int64_t series, std::int64_t from, std::int64_t to,
                                       const BlockVisitor& visit) {
  return query(
      "SELECT period, first_time, last_time, bar_count, sources, payload FROM market_data_blocks"
      " WHERE series_id = ?1 AND period BETWEEN ?2 AND ?3 ORDER BY period",
      [&visit](const Run& run) { return visit(header_of(run), run.blob(5)); }, series, from, to);
}

Result<std::optional<BlockHeader>> SqliteBarTables::newest_block(std::int64_t series) {
  std::optional<BlockHeader> newest;
  auto done = query(
      "SELECT period, first_time, last_time, bar_count, sources FROM market_data_blocks"
      " WHERE series_id = ?1 ORDER BY period DESC LIMIT 1",
      [&newest](const Run& run) -> Result<> {
        newest = header_of(run);
        return {};
      },
      series);
  if (!done) return fail(std::move(done).error());
  return newest;
}

Result<> SqliteBarTables::put_blocks(std::int64_t series, std::span<const Block> blocks) {
  ZIGGY_TRY(statement,
            prepare("INSERT INTO market_data_blocks (series_id, period, first_time, last_time,"
                    " bar_count, low_min, high_max, volume_min, sources, payload)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
                    " ON CONFLICT (series_id, period) DO UPDATE SET"
                    " first_time = excluded.first_time, last_time = excluded.last_time,"
                    " bar_count = excluded.bar_count, low_min = excluded.low_min,"
                    " high_max = excluded.high_max, volume_min = excluded.volume_min,"
                    " sources = excluded.sources, payload = excluded.payload"));
  for (const Block& block : blocks) {
    Run run{statement};
    run.bind(series).bind(block.header.period).bind(block.header.first).bind(block.header.last);
    run.bind(static_cast<std::int64_t>(block.header.count)).bind(block.low_min);
    run.bind(block.high_max).bind(block.volume_min).bind(std::string_view{block.header.sources});
    run.bind_blob(block.payload);
    if (run.step() != SQLITE_DONE) return failure();
  }
  return {};
}

Result<SourcedBars> SqliteBarTables::tail(std::int64_t series) {
  SourcedBars rows;
  auto done = query(
      "SELECT time, open, high, low, close, volume, source FROM market_data_tail"
      " WHERE series_id = ?1 ORDER BY time",
      [&rows](const Run& run) -> Result<> {
        rows.push_back({Timestamp{std::chrono::nanoseconds{run.integer(0)}}, run.real(1),
                        run.real(2), run.real(3), run.real(4), run.real(5)},
                       run.text(6));
        return {};
      },
      series);
  if (!done) return fail(std::move(done).error());
  return rows;
}

Result<> SqliteBarTables::clear_tail(std::int64_t series) {
  return execute("DELETE FROM market_data_tail WHERE series_id = ?1", series);
}

Result<> SqliteBarTables::put_tail(std::int64_t series, const SourcedBars& rows) {
  ZIGGY_TRY(statement,
            prepare("INSERT INTO market_data_tail (series_id, time, open, high, low, close, volume,"
                    " source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                    " ON CONFLICT (series_id, time) DO UPDATE SET open = excluded.open,"
                    " high = excluded.high, low = excluded.low, close = excluded.close,"
                    " volume = excluded.volume, source = excluded.source"));
  RunCursor sources{rows.runs};
  const BarColumns& bars = rows.bars;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    Run run{statement};
    run.bind(series).bind(bars.time[i]).bind(bars.open[i]).bind(bars.high[i]).bind(bars.low[i]);
    run.bind(bars.close[i]).bind(bars.volume[i]).bind(sources.at(i));
    if (run.step() != SQLITE_DONE) return failure();
  }
  return {};
}

Result<std::vector<KeyVersion>> SqliteBarTables::versions_after(std::uint64_t version) {
  std::vector<KeyVersion> found;
  auto done = query(
      "SELECT symbol, interval, version FROM market_data WHERE version > ?1",
      [&found](const Run& run) -> Result<> {
        ZIGGY_TRY(symbol, Symbol::parse(run.text(0)));
        ZIGGY_TRY(interval, parse_interval(run.text(1)));
        found.push_back({{symbol, interval}, static_cast<std::uint64_t>(run.integer(2))});
        return {};
      },
      static_cast<std::int64_t>(version));
  if (!done) return fail(std::move(done).error());
  return found;
}

}  // namespace

std::unique_ptr<BarTables> make_sqlite_bar_tables(Connection& connection) {
  return std::make_unique<SqliteBarTables>(connection.sqlite());
}

}  // namespace ziggy::store
