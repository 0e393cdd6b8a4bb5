#include "stores.hpp"

#include <libpq-fe.h>
#include <sqlite3.h>

#include <cmath>
#include <random>
#include <stdexcept>

#include "ziggy/testing/postgres_server.hpp"

namespace ziggy::store {

std::string new_database(On on, const testing::TempFolder& folder) {
  if (on == On::Postgresql) return testing::PostgresServer::shared().create_database();
  return "sqlite:///" + (folder / "ziggy.db").string();
}

std::unique_ptr<Database> open_migrated(const std::string& url) {
  auto database = Database::open({.url = url});
  if (!database) {
    ADD_FAILURE() << database.error().detail();
    return nullptr;
  }
  const auto migrated = (*database)->migrate();
  if (!migrated) {
    ADD_FAILURE() << migrated.error().detail();
    return nullptr;
  }
  return std::move(*database);
}

void run_sql(On on, const std::string& url, const std::string& sql) {
  if (on == On::Sqlite) {
    sqlite3* file = nullptr;
    const std::string path = url.substr(std::string{"sqlite:///"}.size());
    sqlite3_open(path.c_str(), &file);
    const int code = sqlite3_exec(file, sql.c_str(), nullptr, nullptr, nullptr);
    const std::string message = sqlite3_errmsg(file);
    sqlite3_close(file);
    if (code != SQLITE_OK) throw std::runtime_error{message};
    return;
  }
  PGconn* connection = PQconnectdb(url.c_str());
  PGresult* result = PQexec(connection, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  const std::string message = PQerrorMessage(connection);
  PQclear(result);
  PQfinish(connection);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw std::runtime_error{message};
}

void StoreTest::run_sql(const std::string& sql) { store::run_sql(GetParam(), url_, sql); }

BarKey key_of(const char* symbol, Interval interval) { return {*Symbol::parse(symbol), interval}; }

BarColumns some_bars(std::size_t count, const char* first, std::chrono::nanoseconds step,
                     unsigned seed) {
  std::mt19937 random{seed};
  BarColumns bars;
  bars.reserve(count);
  Timestamp time = *parse_rfc3339(first);
  long cents = 10'000;
  for (std::size_t i = 0; i < count; ++i, time += step) {
    const long open = cents;
    cents = std::max(100L, cents + static_cast<long>(random() % 201) - 100);
    const long high = std::max(open, cents) + static_cast<long>(random() % 50);
    const long low = std::max(1L, std::min(open, cents) - static_cast<long>(random() % 50));
    bars.push_back({time, static_cast<double>(open) / 100, static_cast<double>(high) / 100,
                    static_cast<double>(low) / 100, static_cast<double>(cents) / 100,
                    static_cast<double>(random() % 1'000'000)});
  }
  return bars;
}

}  // namespace ziggy::store
