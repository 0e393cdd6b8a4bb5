
#include <gtest/gtest.h>
// After gtest, which it does not include.
#include <rapidcheck/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "period.hpp"
#include "sourced_bars.hpp"
#include "stores.hpp"

namespace ziggy::store {
namespace {

// The store against a map: whatever is written in whatever order, a read gives each bar once, with
// the newest values and their source, on both engines.
using Row = std::pair<Bar, std::string>;
using Contents = std::map<std::int64_t, Row>;

class Model : public StoreTest {};
ZIGGY_ON_BOTH_ENGINES(Model);

BarColumns columns_of(const std::map<std::int64_t, Bar>& rows) {
  BarColumns bars;
  for (const auto& [time, bar] : rows) bars.push_back(bar);
  return bars;
}

Bar bar_of(std::int64_t time, int price) {
  const double value = price + 0.25;
  return {Timestamp{std::chrono::nanoseconds{time}}, value, value + 1, value - 0.1, value, 10};
}

WriteOutcome update(Contents& contents, const std::map<std::int64_t, Bar>& rows,
                    const std::string& source) {
  WriteOutcome outcome;
  for (const auto& [time, bar] : rows) {
    const auto found = contents.find(time);
    if (found != contents.end() && found->second.first == bar) {
      ++outcome.unchanged;
      continue;
    }
    ++(found == contents.end() ? outcome.inserted : outcome.replaced);
    contents[time] = {bar, source};
  }
  return outcome;
}

/// A run of bars around the edges of a few periods: sizes on both sides of what the tail takes.
std::map<std::int64_t, Bar> some_rows(Interval interval, std::int64_t step) {
  const auto period = *rc::gen::inRange<std::int64_t>(-1, 3);
  const std::int64_t edge = period * period_nanos(interval);
  const auto start = *rc::gen::inRange<std::int64_t>(-150, 150);
  const auto count = *rc::gen::weightedElement<int>({{6, 1}, {3, 5}, {3, 64}, {2, 65}, {2, 300}});
  const auto stride = *rc::gen::inRange<std::int64_t>(1, 4);
  const auto price = *rc::gen::inRange(1, 3);
  std::map<std::int64_t, Bar> rows;
  for (int i = 0; i < count; ++i) {
    const std::int64_t time = edge + (start + i * stride) * step;
    rows[time] = bar_of(time, price);
  }
  return rows;
}

void expect_same(const StoredBars& read, const Contents& contents, TimeRange range) {
  const auto from = contents.lower_bound(range.start.time_since_epoch().count());
  const auto to = contents.lower_bound(range.end.time_since_epoch().count());
  RC_ASSERT(read.bars.size() == static_cast<std::size_t>(std::distance(from, to)));
  RunCursor sources{read.runs};
  std::size_t i = 0;
  for (auto at = from; at != to; ++at, ++i) {
    RC_ASSERT(read.bars.at(i) == at->second.first);
    RC_ASSERT(sources.at(i) == at->second.second);
  }
}

TEST_P(Model, AnyHistoryOfWritesReadsAsItsLastState) {
  int round = 0;
  const auto history = [this, &round] {
    const Interval interval = *rc::gen::element(Interval::Minute, Interval::Day);
    const std::int64_t step = std::chrono::nanoseconds{nominal_length(interval)}.count();
    // A series of its own each round: cheaper than a new database.
    const BarKey key = key_of(("S" + std::to_string(++round)).c_str(), interval);
    Contents contents;
    std::uint64_t version = 0;
    const int writes = *rc::gen::inRange(1, 9);
    for (int i = 0; i < writes; ++i) {
      const auto rows = some_rows(interval, step);
      const std::string source = *rc::gen::element<std::string>("file", "sim", "yahoo");
      const WriteOutcome expected = update(contents, rows, source);
      const auto outcome = bars().write(key, source, columns_of(rows));
      RC_ASSERT(outcome.has_value());
      RC_ASSERT(*outcome == expected);
      RC_ASSERT((bars().version(key) != version) == expected.changed_anything());
      version = bars().version(key);

      if (*rc::gen::inRange(0, 12) == 0) reopen();
      const auto a = *rc::gen::inRange<std::int64_t>(-200, 600);
      const auto length = *rc::gen::inRange<std::int64_t>(0, 600);
      const std::int64_t start = a * step + period_nanos(interval);
      const TimeRange range{Timestamp{std::chrono::nanoseconds{start}},
                            Timestamp{std::chrono::nanoseconds{start + length * step}}};
      expect_same(*bars().read(key, range), contents, range);
    }
    expect_same(*bars().read(key, kAllTime), contents, kAllTime);
    const auto coverage = bars().coverage(key);
    RC_ASSERT(coverage->value().count == contents.size());
    RC_ASSERT(coverage->value().last.time_since_epoch().count() == contents.rbegin()->first);
  };
  EXPECT_TRUE(rc::check("any history", history));
  const auto checked = database().check();
  ASSERT_TRUE(checked);
  for (const CheckLine& line : *checked) EXPECT_TRUE(line.ok) << line.name << ": " << line.detail;
}

// Readers beside a writer: every snapshot is a state that was reported, never a mixture. Every
// second write moves the tail into the block, which is when a reader of two moments would see it
// twice or not at all.
TEST_P(Model, ReadersBesideAWriterSeeEachBarOnce) {
  const BarKey key = key_of("SPY", Interval::Minute);
  const BarColumns all = some_bars(9'000, "2020-01-02", std::chrono::minutes{1});
  std::atomic<bool> done = false;
  std::atomic<std::size_t> stored = 0;
  const auto write_all = [&] {
    for (std::size_t at = 0, piece = 0; at < all.size(); ++piece) {
      const std::size_t to = std::min(all.size(), at + (piece % 2 == 0 ? 3 : 65));
      BarColumns bars_of_piece;
      bars_of_piece.append(all, at, to);
      EXPECT_TRUE(bars().write(key, "sim", bars_of_piece));
      stored = at = to;
    }
    done = true;
  };
  const auto read_all = [&] {
    while (!done) {
      const std::size_t at_least = stored;
      const auto read = bars().read(key, kAllTime);
      ASSERT_TRUE(read) << read.error().detail();
      ASSERT_GE(read->bars.size(), at_least);
      ASSERT_LE(read->bars.size(), all.size());
      BarColumns expected;
      expected.append(all, 0, read->bars.size());
      ASSERT_TRUE(read->bars == expected) << "a mixture of two states";
    }
  };
  std::thread writer{write_all};
  std::thread reader{read_all};
  read_all();
  reader.join();
  writer.join();
}

// Writers on one series, as from two programs, and batches that name their keys in opposite orders:
// nothing is lost, and nothing deadlocks.
TEST_P(Model, WritersBesideEachOtherLoseNothing) {
  constexpr std::size_t kPart = 2'000;
  const BarColumns all = some_bars(2 * kPart, "2020-01-02", std::chrono::minutes{1});
  auto opened = Database::open({.url = url_, .writers = 4});
  ASSERT_TRUE(opened);
  BarStore& store = (*opened)->bars();
  const auto write_part = [&](BarStore& through, std::size_t part) {
    for (std::size_t at = part * kPart; at < (part + 1) * kPart; at += 20) {
      BarColumns piece;
      piece.append(all, at, at + 20);
      const auto outcome = through.write(key_of("SPY", Interval::Minute), "sim", piece);
      EXPECT_TRUE(outcome) << outcome.error().detail();
    }
  };
  const auto write_batches = [&](std::size_t part, const char* first, const char* second) {
    for (std::size_t at = part * kPart; at < (part + 1) * kPart; at += 40) {
      BarColumns piece;
      piece.append(all, at, at + 40);
      const std::vector<BarWrite> writes{{key_of(first, Interval::Minute), "sim", &piece},
                                         {key_of(second, Interval::Minute), "sim", &piece}};
      const auto outcome = store.write_batch(writes);
      EXPECT_TRUE(outcome) << outcome.error().detail();
    }
  };
  std::vector<std::thread> writers;
  writers.emplace_back([&] { write_part(store, 0); });
  writers.emplace_back([&] { write_part(bars(), 1); });
  writers.emplace_back(write_batches, 0, "QQQ", "BTC-USD");
  writers.emplace_back(write_batches, 1, "BTC-USD", "QQQ");
  for (std::thread& writer : writers) writer.join();
  for (const char* symbol : {"SPY", "QQQ", "BTC-USD"}) {
    EXPECT_TRUE(store.read(key_of(symbol, Interval::Minute), kAllTime)->bars == all) << symbol;
  }
}

}  // namespace
}  // namespace ziggy::store
