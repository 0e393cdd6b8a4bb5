#include <libpq-fe.h>

#include <array>
#include <memory>

#include "bar_tables.hpp"
#include "connection.hpp"
#include "postgres_wire.hpp"

namespace ziggy::store {
namespace {

class PostgresBarTables final : public BarTables {
 public:
  explicit PostgresBarTables(PGconn* connection) : connection_{connection} {}

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
  Result<std::optional<Series>> find(BarKey key, const char* sql);

  /// Runs one statement with parameters in text; answers rows in binary.
  template <class... Values>
  Result<PostgresRows> query(const char* sql, const Values&... values) {
    const std::array<std::string, sizeof...(Values)> texts{to_text(values)...};
    std::array<const char*, sizeof...(Values) + 1> pointers{};
    for (std::size_t i = 0; i < texts.size(); ++i) pointers[i] = texts[i].c_str();
    PostgresRows rows{PQexecParams(connection_, sql, static_cast<int>(texts.size()), nullptr,
                                   pointers.data(), nullptr, nullptr, 1)};
    if (!rows.is_ok()) return failure();
    return rows;
  }
  template <class... Values>
  Result<> execute(const char* sql, const Values&... values) {
    ZIGGY_TRY(rows, query(sql, values...));
    (void)rows;
    return {};
  }

  /// Sends one COPY BINARY stream.
  Result<> copy(const char* sql, const PostgresCopy& rows);

  static std::string to_text(std::int64_t value) { return std::to_string(value); }
  static std::string to_text(std::string_view value) { return std::string{value}; }

  [[nodiscard]] std::unexpected<Error> failure() const {
    return fail(postgres_error(connection_, "market data"));
  }

  PGconn* connection_;
};

BlockHeader header_of(const PostgresRows& rows, int row) {
  return {rows.bigint(row, 0), rows.bigint(row, 1), rows.bigint(row, 2),
          static_cast<std::size_t>(rows.integer(row, 3)), std::string{rows.bytes(row, 4)}};
}

Result<std::optional<Series>> PostgresBarTables::find(BarKey key, const char* sql) {
  ZIGGY_TRY(rows, query(sql, key.symbol.view(), interval_name(key.interval)));
  if (rows.size() == 0) return std::nullopt;
  return Series{rows.bigint(0, 0), static_cast<std::uint64_t>(rows.bigint(0, 1))};
}

Result<std::optional<Series>> PostgresBarTables::find(BarKey key) {
  return find(key, "SELECT id, version FROM market_data WHERE symbol = $1 AND interval = $2");
}

Result<Series> PostgresBarTables::lock(BarKey key) {
  constexpr const char* kLock =
      "SELECT id, version FROM market_data WHERE symbol = $1 AND interval = $2 FOR UPDATE";
  ZIGGY_TRY(found, find(key, kLock));
  if (found) return *found;
  const std::string_view asset_class = key.symbol.is_crypto() ? "crypto" : "unknown";
  auto made =
      execute("INSERT INTO symbols (symbol, asset_class) VALUES ($1, $2) ON CONFLICT DO NOTHING",
              key.symbol.view(), asset_class);
  // Another writer may make the same series: the insert waits for it, and then finds it there.
  if (made) {
    made =
        execute("INSERT INTO market_data (symbol, interval) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                key.symbol.view(), interval_name(key.interval));
  }
  if (!made) return fail(std::move(made).error());
  ZIGGY_TRY(series, find(key, kLock));
  if (!series) return fail(ErrorCode::StorageUnavailable, "a new series is not there");
  return *series;
}

Result<std::uint64_t> PostgresBarTables::advance_version(std::int64_t series) {
  // The clock's row stays locked until the commit, so versions become visible in their order and
  // whoever asks for those above the last one seen misses none.
  ZIGGY_TRY(rows, query("WITH clock AS (UPDATE market_data_clock SET version = version + 1"
                        " RETURNING version) UPDATE market_data SET version = clock.version"
                        " FROM clock WHERE id = $1 RETURNING market_data.version",
                        series));
  if (rows.size() != 1) return fail(ErrorCode::StorageUnavailable, "the clock's row is gone");
  return static_cast<std::uint64_t>(rows.bigint(0, 0));
}

Result<std::vector<BlockHeader>> PostgresBarTables::headers(std::int64_t series, std::int64_t from,
                                                            std::int64_t to) {
  ZIGGY_TRY(rows, query("SELECT period, first_time, last_time, bar_count, sources"
                        " FROM market_data_blocks WHERE series_id = $1"
                        " AND period BETWEEN $2 AND $3 ORDER BY period",
                        series, from, to));
  std::vector<BlockHeader> headers;
  headers.reserve(static_cast<std::size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) headers.push_back(header_of(rows, row));
  return headers;
}

Result<> PostgresBarTables::visit_blocks(std::int64_t series, std::int64_t from, std::int64_t to,
                                         const BlockVisitor& visit) {
  ZIGGY_TRY(rows, query("SELECT period, first_time, last_time, bar_count, sources, payload"
                        " FROM market_data_blocks WHERE series_id = $1"
                        " AND period BETWEEN $2 AND $3 ORDER BY period",
                        series, from, to));
  for (int row = 0; row < rows.size(); ++row) {
    if (auto done = visit(header_of(rows, row), rows.bytes(row, 5)); !done) return done;
  }
  return {};
}

Result<std::optional<BlockHeader>> PostgresBarTables::newest_block(std::int64_t series) {
  ZIGGY_TRY(rows, query("SELECT period, first_time, last_time, bar_count, sources"
                        " FROM market_data_blocks WHERE series_id = $1"
                        " ORDER BY period DESC LIMIT 1",
                        series));
  if (rows.size() == 0) return std::nullopt;
  return header_of(rows, 0);
}

Result<> PostgresBarTables::copy(const char* sql, const PostgresCopy& rows) {
  const PostgresRows begun{PQexec(connection_, sql)};
  if (!begun.is_copy_in()) return failure();
  // One call takes an int's worth of bytes.
  constexpr std::size_t kPieceMax = 1 << 20;
  std::string_view rest = rows.bytes();
  bool sent = true;
  while (sent && !rest.empty()) {
    const std::string_view piece = rest.substr(0, kPieceMax);
    sent = PQputCopyData(connection_, piece.data(), static_cast<int>(piece.size())) == 1;
    rest.remove_prefix(piece.size());
  }
  if (!sent || PQputCopyEnd(connection_, nullptr) != 1) return failure();
  std::optional<Error> error;
  // The result of the COPY, and then the null that says the connection is free again.
  while (PGresult* result = PQgetResult(connection_)) {
    const PostgresRows outcome{result};
    if (!outcome.is_ok() && !error) error = postgres_error(connection_, "market data");
    if (PQstatus(connection_) == CONNECTION_BAD) break;
  }
  if (error) return fail(std::move(*error));
  return {};
}

Result<> PostgresBarTables::put_blocks(std::int64_t series, std::span<const Block> blocks) {
  std::string periods = "{";
  for (const Block& block : blocks) {
    if (periods.size() > 1) periods += ',';
    periods += std::to_string(block.header.period);
  }
  periods += '}';
  // The series is locked, so nobody else touches its blocks between the two.
  auto cleared =
      execute("DELETE FROM market_data_blocks WHERE series_id = $1 AND period = ANY ($2::bigint[])",
              series, periods);
  if (!cleared) return cleared;
  PostgresCopy rows;
  for (const Block& block : blocks) {
    rows.begin_row(10);
    rows.bigint(series).bigint(block.header.period).bigint(block.header.first);
    rows.bigint(block.header.last).integer(static_cast<std::int32_t>(block.header.count));
    rows.real(block.low_min).real(block.high_max).real(block.volume_min);
    rows.field(block.header.sources).field(block.payload);
  }
  rows.end();
  return copy(
      "COPY market_data_blocks (series_id, period, first_time, last_time, bar_count,"
      " low_min, high_max, volume_min, sources, payload) FROM STDIN (FORMAT binary)",
      rows);
}

Result<SourcedBars> PostgresBarTables::tail(std::int64_t series) {
  ZIGGY_TRY(rows, query("SELECT time, open, high, low, close, volume, source"
                        " FROM market_data_tail WHERE series_id = $1 ORDER BY time",
                        series));
  SourcedBars tail;
  for (int row = 0; row < rows.size(); ++row) {
    tail.push_back({Timestamp{std::chrono::nanoseconds{rows.bigint(row, 0)}}, rows.real(row, 1),
                    rows.real(row, 2), rows.real(row, 3), rows.real(row, 4), rows.real(row, 5)},
                   rows.bytes(row, 6));
  }
  return tail;
}

Result<> PostgresBarTables::clear_tail(std::int64_t series) {
  return execute("DELETE FROM market_data_tail WHERE series_id = $1", series);
}

Result<> PostgresBarTables::put_tail(std::int64_t series, const SourcedBars& rows) {
  std::string times = "{";
  PostgresCopy stream;
  RunCursor sources{rows.runs};
  const BarColumns& bars = rows.bars;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (times.size() > 1) times += ',';
    times += std::to_string(bars.time[i]);
    stream.begin_row(8);
    stream.bigint(series).bigint(bars.time[i]);
    stream.real(bars.open[i]).real(bars.high[i]).real(bars.low[i]).real(bars.close[i]);
    stream.real(bars.volume[i]).field(sources.at(i));
  }
  times += '}';
  stream.end();
  auto cleared =
      execute("DELETE FROM market_data_tail WHERE series_id = $1 AND time = ANY ($2::bigint[])",
              series, times);
  if (!cleared) return cleared;
  return copy(
      "COPY market_data_tail (series_id, time, open, high, low, close, volume, source)"
      " FROM STDIN (FORMAT binary)",
      stream);
}

Result<std::vector<KeyVersion>> PostgresBarTables::versions_after(std::uint64_t version) {
  ZIGGY_TRY(rows, query("SELECT symbol, interval, version FROM market_data WHERE version > $1",
                        static_cast<std::int64_t>(version)));
  std::vector<KeyVersion> found;
  found.reserve(static_cast<std::size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    ZIGGY_TRY(symbol, Symbol::parse(rows.bytes(row, 0)));
    ZIGGY_TRY(interval, parse_interval(rows.bytes(row, 1)));
    found.push_back({{symbol, interval}, static_cast<std::uint64_t>(rows.bigint(row, 2))});
  }
  return found;
}

}  // namespace

std::unique_ptr<BarTables> make_postgres_bar_tables(Connection& connection) {
  return std::make_unique<PostgresBarTables>(connection.postgres());
}

}  // namespace ziggy::store
