#include "limits/copy_rows.hpp"

#include <libpq-fe.h>

#include <memory>
#include <stdexcept>

#include "postgres_wire.hpp"

namespace ziggy::bench {
namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

Connection connect(const std::string& url) {
  Connection connection{PQconnectdb(url.c_str()), &PQfinish};
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    throw std::runtime_error{PQerrorMessage(connection.get())};
  }
  return connection;
}

void run(PGconn* connection, const char* sql, ExecStatusType expected = PGRES_COMMAND_OK) {
  PGresult* result = PQexec(connection, sql);
  const ExecStatusType status = PQresultStatus(result);
  PQclear(result);
  if (status != expected) throw std::runtime_error{PQerrorMessage(connection)};
}

}  // namespace

void copy_rows_in(const std::string& url, const BarColumns& bars) {
  constexpr std::size_t kRowsAPiece = 65'536;
  const Connection connection = connect(url);
  run(connection.get(), "SET client_min_messages = warning");
  run(connection.get(), "DROP TABLE IF EXISTS bars");
  run(connection.get(),
      "CREATE TABLE bars (series BIGINT, time BIGINT, open FLOAT8, high FLOAT8, low FLOAT8,"
      " close FLOAT8, volume FLOAT8)");
  run(connection.get(), "COPY bars FROM STDIN (FORMAT binary)", PGRES_COPY_IN);
  for (std::size_t from = 0; from < bars.size(); from += kRowsAPiece) {
    const std::size_t to = std::min(bars.size(), from + kRowsAPiece);
    store::PostgresCopy rows{from == 0 ? store::PostgresCopy::Header::Yes
                                       : store::PostgresCopy::Header::No};
    for (std::size_t i = from; i < to; ++i) {
      rows.begin_row(7);
      rows.bigint(1).bigint(bars.time[i]).real(bars.open[i]).real(bars.high[i]).real(bars.low[i]);
      rows.real(bars.close[i]).real(bars.volume[i]);
    }
    if (to == bars.size()) rows.end();
    const std::string_view bytes = rows.bytes();
    if (PQputCopyData(connection.get(), bytes.data(), static_cast<int>(bytes.size())) != 1) {
      throw std::runtime_error{PQerrorMessage(connection.get())};
    }
  }
  PQputCopyEnd(connection.get(), nullptr);
  while (PGresult* result = PQgetResult(connection.get())) {
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK) throw std::runtime_error{PQerrorMessage(connection.get())};
  }
}

BarColumns select_rows(const std::string& url) {
  const Connection connection = connect(url);
  const store::PostgresRows rows{
      PQexecParams(connection.get(),
                   "SELECT time, open, high, low, close, volume FROM bars WHERE series = 1"
                   " ORDER BY time",
                   0, nullptr, nullptr, nullptr, nullptr, 1)};
  BarColumns bars;
  for (int row = 0; row < rows.size(); ++row) {
    bars.time.push_back(rows.bigint(row, 0));
    bars.open.push_back(rows.real(row, 1));
    bars.high.push_back(rows.real(row, 2));
    bars.low.push_back(rows.real(row, 3));
    bars.close.push_back(rows.real(row, 4));
    bars.volume.push_back(rows.real(row, 5));
  }
  return bars;
}

}  // namespace ziggy::bench
