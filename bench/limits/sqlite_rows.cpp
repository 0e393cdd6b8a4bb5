#include "limits/sqlite_rows.hpp"

#include <sqlite3.h>

#include <stdexcept>

namespace ziggy::bench {
namespace {

void check(sqlite3* file, int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE) throw std::runtime_error{sqlite3_errmsg(file)};
}

sqlite3* open(const std::string& path) {
  sqlite3* file = nullptr;
  check(file, sqlite3_open(path.c_str(), &file));
  check(file, sqlite3_exec(file, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", nullptr,
                           nullptr, nullptr));
  return file;
}

}  // namespace

void sqlite_insert_rows(const std::string& path, const BarColumns& bars) {
  sqlite3* file = open(path);
  check(file, sqlite3_exec(file,
                           "CREATE TABLE bars (series INTEGER NOT NULL, time INTEGER NOT NULL,"
                           " open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL,"
                           " close REAL NOT NULL, volume REAL NOT NULL,"
                           " PRIMARY KEY (series, time)) WITHOUT ROWID; BEGIN",
                           nullptr, nullptr, nullptr));
  sqlite3_stmt* insert = nullptr;
  check(file, sqlite3_prepare_v2(file, "INSERT INTO bars VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)", -1,
                                 &insert, nullptr));
  for (std::size_t i = 0; i < bars.size(); ++i) {
    sqlite3_bind_int64(insert, 1, bars.time[i]);
    sqlite3_bind_double(insert, 2, bars.open[i]);
    sqlite3_bind_double(insert, 3, bars.high[i]);
    sqlite3_bind_double(insert, 4, bars.low[i]);
    sqlite3_bind_double(insert, 5, bars.close[i]);
    sqlite3_bind_double(insert, 6, bars.volume[i]);
    check(file, sqlite3_step(insert));
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  check(file, sqlite3_exec(file, "COMMIT", nullptr, nullptr, nullptr));
  sqlite3_close(file);
}

BarColumns sqlite_scan_rows(const std::string& path) {
  sqlite3* file = open(path);
  sqlite3_stmt* select = nullptr;
  check(file, sqlite3_prepare_v2(file,
                                 "SELECT time, open, high, low, close, volume FROM bars"
                                 " WHERE series = 1 ORDER BY time",
                                 -1, &select, nullptr));
  BarColumns bars;
  while (sqlite3_step(select) == SQLITE_ROW) {
    bars.time.push_back(sqlite3_column_int64(select, 0));
    bars.open.push_back(sqlite3_column_double(select, 1));
    bars.high.push_back(sqlite3_column_double(select, 2));
    bars.low.push_back(sqlite3_column_double(select, 3));
    bars.close.push_back(sqlite3_column_double(select, 4));
    bars.volume.push_back(sqlite3_column_double(select, 5));
  }
  sqlite3_finalize(select);
  sqlite3_close(file);
  return bars;
}

}  // namespace ziggy::bench
