// Eight threads that record, rank and read: for ThreadSanitizer, and for deadlocks under any build.
// One second, or sixty with ZIGGY_LONG_TESTS=1.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "fakes.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/store/database.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::routing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Threads, EightRecordRankAndReadWithoutRaceOrDeadlock) {
  const bool is_long = std::getenv("ZIGGY_LONG_TESTS") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  const seconds span{is_long ? 60 : 1};
  const testing::TempFolder folder;
  auto database = store::Database::open({.url = "sqlite:///" + (folder / "ziggy.db").string()});
  ASSERT_TRUE(database && (*database)->migrate());
  net::BlockingPool pool{1, 64};
  ManualClock clock{kNow};
  resilience::BreakerRegistry breakers{clock};
  Vendor a{"a"};
  Vendor b{"b"};
  Vendor c{"c"};
  Vendor without_key{"d"};
  without_key.missing_key = "D_API_KEY is not set";
  std::atomic<int> turn{0};
  const auto moody = [&turn](const Symbol& symbol) -> Result<Quote> {
    switch (turn.fetch_add(1) % 1'000 / 100) {
      case 3:
        return fail(ErrorCode::ProviderUnavailable, "502");
      case 5:
        return fail(ErrorCode::ProviderTimeout, "late");
      case 7:
        return fail(ErrorCode::NotEntitled, "plan");
      default:
        return Vendor::good(symbol);
    }
  };
  a.says = b.says = moody;
  std::atomic<std::uint64_t> sent{0};
  Desk desk{{.clock = clock,
             .breakers = breakers,
             .database = database->get(),
             .pool = &pool,
             .webhook = [&sent](const std::string&, const std::string&) {
               ++sent;
               return true;
             }}};
  const std::vector<feed::Provider*> vendors{&a, &b, &c, &without_key};
  const Chain quotes{Operation::Quotes, vendors, desk, {.provider_timeout = milliseconds{50}}};
  const Chain bars{Operation::Bars, vendors, desk, {.provider_timeout = milliseconds{50}}};

  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      net::asio::io_context loop;
      while (!is_over) {
        const bool is_good =
            i % 2 == 0
                ? testing::run_task(loop, quotes.quote(kAbc, {}, {})).value.has_value()
                : testing::run_task(
                      loop, bars.bars({kAbc, Interval::Day, {kNow - seconds{9}, kNow}}, {}, {}))
                      .value.has_value();
        ++(is_good ? answered : failed);
        loop.restart();
        loop.poll();
      }
    });
  }
  threads.emplace_back([&] {
    while (!is_over) {
      clock.advance(milliseconds{500});
      desk.tick();
    }
  });
  threads.emplace_back([&] {
    while (!is_over) {
      for (const ProviderStatus& one : desk.status()) {
        for (const OperationStatus& operation : one.operations) {
          // NOLINTNEXTLINE(bugprone-unchecked-optional-access)
          if (one.name == "d") ASSERT_FALSE(operation.score);
        }
      }
      ASSERT_LE(desk.incidents().size(), 256U);
    }
  });
  threads.emplace_back([&] {
    for (int n = 0; !is_over; ++n) {
      ASSERT_GE(desk.order(Operation::Quotes).size(), 2U);
      if (n % 64 == 0) {
        if (n % 128 == 0) {
          ASSERT_TRUE(desk.pin(Operation::Quotes, "b"));
        } else {
          ASSERT_TRUE(desk.unpin(Operation::Quotes));
        }
      }
      desk.note_violation("a", Operation::Bars);
      desk.note_gap("b", Operation::Quotes, 10, 1);
    }
  });
  threads.emplace_back([&] {
    while (!is_over) {
      desk.note_answer("c", Operation::Quotes, AnswerClass::Success, milliseconds{3}, seconds{1});
      desk.note_agreement("c", Operation::Quotes, true);
      ASSERT_FALSE(breakers.list().empty());
    }
  });
  std::this_thread::sleep_for(span);
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  desk.stop();
  EXPECT_GT(answered, 0U);
  // c always answers.
  EXPECT_EQ(failed, 0U);
  EXPECT_EQ(without_key.asked, 0);
}

}  // namespace
}  // namespace ziggy::routing
