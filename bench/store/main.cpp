// Import and scan of the store against rows by the engines' own interfaces, in one run.
//
// Each figure is the best of several rounds, store and limit in turn, so that a noisy machine
// disturbs both alike.
#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <functional>
#include <random>
#include <stdexcept>

#include "limits/copy_rows.hpp"
#include "limits/sqlite_rows.hpp"
#include "ziggy/store/database.hpp"
#include "ziggy/testing/postgres_server.hpp"

namespace {

using namespace ziggy;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kImportBars = 1'000'000;
constexpr std::size_t kScanBars = 100'000;
constexpr TimeRange kAllTime{Timestamp::min(), Timestamp::max()};

enum class Prices { Cents, FullDoubles };

BarColumns make_bars(std::size_t count, Prices prices) {
  std::mt19937 random{7};
  BarColumns bars;
  bars.reserve(count);
  Timestamp time = *parse_rfc3339("2015-01-05");
  long cents = 20'000;
  // Prices that were adjusted by a factor have all their digits: the codec's worst case.
  const double scale = prices == Prices::Cents ? 100 : 100 / 0.973214987;
  for (std::size_t i = 0; i < count; ++i, time += std::chrono::minutes{1}) {
    const long open = cents;
    cents = std::max(500L, cents + static_cast<long>(random() % 41) - 20);
    const long high = std::max(open, cents) + static_cast<long>(random() % 15);
    const long low = std::min(open, cents) - static_cast<long>(random() % 15);
    bars.push_back({time, static_cast<double>(open) / scale, static_cast<double>(high) / scale,
                    static_cast<double>(low) / scale, static_cast<double>(cents) / scale,
                    static_cast<double>(random() % 500'000)});
  }
  return bars;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return Seconds{std::chrono::steady_clock::now() - start}.count();
}

struct Figures {
  double ours = INFINITY;
  double limit = INFINITY;
};

/// The best times of `rounds` rounds of each.
Figures compare(int rounds, const std::function<void(int)>& ours,
                const std::function<void(int)>& limit) {
  Figures best;
  for (int round = 0; round < rounds; ++round) {
    best.limit = std::min(best.limit, seconds_of([&] { limit(round); }));
    best.ours = std::min(best.ours, seconds_of([&] { ours(round); }));
  }
  return best;
}

bool report(const char* name, std::size_t rows, const Figures& figures, double target) {
  const double value = static_cast<double>(rows) / figures.ours;
  const double limit = static_cast<double>(rows) / figures.limit;
  const bool met = value / limit >= target;
  fmt::print(
      "{{\"bench\":\"{}\",\"value\":{:.0f},\"limit\":{:.0f},\"unit\":\"bars/s\",\"ratio\":{:.2f},"
      "\"target\":{},\"met\":{}}}\n",
      name, value, limit, value / limit, target, met);
  return met;
}

std::unique_ptr<store::Database> open(const std::string& url) {
  auto database = store::Database::open({.url = url});
  if (!database) throw std::runtime_error{database.error().detail()};
  if (auto migrated = (*database)->migrate(); !migrated) {
    throw std::runtime_error{migrated.error().detail()};
  }
  return std::move(*database);
}

store::BarKey key() { return {*Symbol::parse("SPY"), Interval::Minute}; }

void import(store::Database& database, const BarColumns& bars) {
  const auto written = database.bars().write(key(), "file", bars);
  if (!written || written->inserted != bars.size()) throw std::runtime_error{"import failed"};
}

void scan(store::Database& database, const BarColumns& expected) {
  const auto read = database.bars().read(key(), kAllTime);
  if (!read || read->bars.size() != expected.size()) throw std::runtime_error{"scan failed"};
}

bool sqlite_benches(const testing::TempFolder& folder) {
  const BarColumns bars = make_bars(kImportBars, Prices::Cents);
  bool met = true;
  std::vector<std::unique_ptr<store::Database>> databases;
  constexpr int kImports = 3;
  databases.reserve(kImports);
  for (int i = 0; i < kImports; ++i) {
    databases.push_back(open(fmt::format("sqlite:///{}/ziggy{}.db", folder.path().string(), i)));
  }
  met &= report(
      "import_sqlite", kImportBars,
      compare(
          kImports, [&](int i) { import(*databases[static_cast<std::size_t>(i)], bars); },
          [&](int i) { bench::sqlite_insert_rows(folder / fmt::format("rows{}.db", i), bars); }),
      0.7);
  for (const auto& [prices, name] : {std::pair{Prices::Cents, "scan_sqlite"},
                                     {Prices::FullDoubles, "scan_sqlite_full_doubles"}}) {
    const BarColumns some = make_bars(kScanBars, prices);
    const std::string file = fmt::format("{}/{}", folder.path().string(), name);
    const auto database = open("sqlite:///" + file + ".db");
    import(*database, some);
    bench::sqlite_insert_rows(file + "-rows.db", some);
    met &= report(name, kScanBars,
                  compare(
                      15, [&](int) { scan(*database, some); },
                      [&](int) {
                        if (bench::sqlite_scan_rows(file + "-rows.db") != some) {
                          throw std::runtime_error{"the limit reads other bars"};
                        }
                      }),
                  5);
  }
  return met;
}

bool postgresql_benches() {
  testing::PostgresServer server{testing::PostgresServer::Fsync::On};
  const BarColumns bars = make_bars(kImportBars, Prices::Cents);
  bool met = true;
  std::vector<std::unique_ptr<store::Database>> databases;
  constexpr int kImports = 3;
  databases.reserve(kImports);
  for (int i = 0; i < kImports; ++i) databases.push_back(open(server.create_database()));
  const std::string rows = server.create_database();
  met &= report("import_postgresql", kImportBars,
                compare(
                    kImports, [&](int i) { import(*databases[static_cast<std::size_t>(i)], bars); },
                    [&](int) { bench::copy_rows_in(rows, bars); }),
                0.7);
  const BarColumns some = make_bars(kScanBars, Prices::Cents);
  const auto database = open(server.create_database());
  import(*database, some);
  bench::copy_rows_in(rows, some);
  met &= report("scan_postgresql", kScanBars,
                compare(
                    15, [&](int) { scan(*database, some); },
                    [&](int) {
                      if (bench::select_rows(rows) != some) {
                        throw std::runtime_error{"the limit reads other bars"};
                      }
                    }),
                5);
  return met;
}

}  // namespace

int main() {
  try {
    const testing::TempFolder folder;
    const bool sqlite = sqlite_benches(folder);
    const bool postgresql = postgresql_benches();
    return sqlite && postgresql ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_store: %s\n", error.what());
    return 1;
  }
}
