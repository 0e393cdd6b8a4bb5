#include "ziggy/resilience/single_flight.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

#include "ziggy/net/loops.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::resilience {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

const SystemClock kClock;
using Flights = SingleFlight<std::string, std::string>;

net::Task<Result<std::string>> work(milliseconds time, std::atomic<int>* runs, std::string what) {
  runs->fetch_add(1);
  co_await net::sleep_for(time);
  if (what == "throw") throw std::runtime_error{"bug"};
  if (what == "fail") co_return fail(ErrorCode::ProviderUnavailable, "503");
  if (what == "late") co_return fail(ErrorCode::DeadlineExceeded, "the first caller's time");
  co_return what;
}

Flights::Factory factory(milliseconds time, std::atomic<int>* runs, std::string what = "answer") {
  return [=] { return work(time, runs, what); };
}

/// One caller on a loop; its result and who was it, when it comes.
struct Caller {
  std::optional<Result<std::string>> result;
  std::thread::id thread;
  asio::cancellation_signal signal;
};

void call(asio::io_context& context, Flights& flights, Caller& caller, Flights::Factory how,
          Call with = {}, std::latch* done = nullptr) {
  asio::co_spawn(context, flights.run("key", std::move(how), with),
                 asio::bind_cancellation_slot(
                     caller.signal.slot(),
                     [&caller, done](std::exception_ptr thrown, Result<std::string> result) {
                       if (!thrown) caller.result.emplace(std::move(result));
                       caller.thread = std::this_thread::get_id();
                       if (done != nullptr) done->count_down();
                     }));
}

TEST(SingleFlight, ManyCallersOnManyLoopsCauseOneWorkAndGetItsResultAtHome) {
  net::Loops loops{3};
  loops.run();
  Flights flights{kClock};
  std::atomic<int> runs{0};
  constexpr int kCallers = 30;
  std::vector<Caller> callers(kCallers);
  std::latch done{kCallers};
  for (std::size_t i = 0; i < kCallers; ++i) {
    asio::post(loops.at(i % 3), [&, i] {
      call(loops.at(i % 3), flights, callers[i], factory(milliseconds{50}, &runs), {}, &done);
    });
  }
  done.wait();
  loops.stop();
  EXPECT_EQ(runs, 1);
  for (std::size_t i = 0; i < kCallers; ++i) {
    ASSERT_TRUE(callers[i].result);
    EXPECT_EQ(*callers[i].result, "answer");
    EXPECT_EQ(callers[i].thread, callers[i % 3].thread);
  }
  EXPECT_NE(callers[0].thread, callers[1].thread);
  EXPECT_EQ(flights.started_total(), 1U);
  EXPECT_EQ(flights.joined_total(), kCallers - 1U);
  EXPECT_EQ(flights.flying(), 0U);
}

TEST(SingleFlight, ACanceledFirstCallerDoesNotTakeTheOthersDown) {
  asio::io_context context;
  Flights flights{kClock};
  std::atomic<int> runs{0};
  Caller first;
  Caller second;
  call(context, flights, first, factory(milliseconds{20}, &runs));
  call(context, flights, second, factory(milliseconds{20}, &runs));
  context.poll();
  first.signal.emit(asio::cancellation_type::terminal);
  context.run_for(seconds{5});
  ASSERT_TRUE(first.result && second.result);
  EXPECT_EQ(first.result->error().code(), ErrorCode::Canceled);
  EXPECT_EQ(*second.result, "answer");
  EXPECT_EQ(runs, 1);
}

TEST(SingleFlight, EachWaitsAsLongAsItsOwnDeadlineSays) {
  asio::io_context context;
  Flights flights{kClock};
  std::atomic<int> runs{0};
  Caller patient;
  Caller hurried;
  call(context, flights, patient, factory(milliseconds{40}, &runs));
  Call soon;
  soon.deadline = kClock.steady() + milliseconds{5};
  call(context, flights, hurried, factory(milliseconds{40}, &runs), soon);
  context.run_for(milliseconds{25});
  ASSERT_TRUE(hurried.result);
  EXPECT_EQ(hurried.result->error().code(), ErrorCode::DeadlineExceeded);
  EXPECT_FALSE(patient.result);
  context.run_for(seconds{5});
  ASSERT_TRUE(patient.result);
  EXPECT_EQ(*patient.result, "answer");
}

TEST(SingleFlight, ErrorsAndExceptionsReachAll) {
  for (const std::string what : {"fail", "throw"}) {
    asio::io_context context;
    Flights flights{kClock};
    std::atomic<int> runs{0};
    Caller first;
    Caller second;
    call(context, flights, first, factory(milliseconds{5}, &runs, what));
    call(context, flights, second, factory(milliseconds{5}, &runs, what));
    context.run_for(seconds{5});
    const auto expected = what == "fail" ? ErrorCode::ProviderUnavailable : ErrorCode::Internal;
    ASSERT_TRUE(first.result && second.result);
    EXPECT_EQ(first.result->error().code(), expected);
    EXPECT_EQ(second.result->error().code(), expected);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(flights.flying(), 0U);
  }
}

TEST(SingleFlight, WhoHasTimeLeftAsksAnewWhenTheFirstCallersTimeWasUp) {
  asio::io_context context;
  Flights flights{kClock};
  std::atomic<int> runs{0};
  Caller first;
  Caller second;
  call(context, flights, first, factory(milliseconds{5}, &runs, "late"));
  call(context, flights, second, factory(milliseconds{5}, &runs, "answer"));
  context.run_for(seconds{5});
  ASSERT_TRUE(first.result && second.result);
  EXPECT_EQ(first.result->error().code(), ErrorCode::DeadlineExceeded);
  EXPECT_EQ(*second.result, "answer");
  EXPECT_EQ(runs, 2);
}

TEST(SingleFlight, AFlightWhoseLoopIsGoneLandsForThoseOnOthers) {
  Flights flights{kClock};
  std::atomic<int> runs{0};
  asio::io_context context;
  Caller first;
  Caller second;
  {
    asio::io_context gone;
    call(gone, flights, first, factory(seconds{30}, &runs));
    gone.poll();
    call(context, flights, second, factory(milliseconds{5}, &runs, "own"));
    context.poll();
    EXPECT_EQ(flights.joined_total(), 1U);
  }
  context.restart();
  context.run_for(seconds{5});
  ASSERT_TRUE(second.result);
  EXPECT_EQ(*second.result, "own");
  EXPECT_EQ(flights.flying(), 0U);
}

}  // namespace
}  // namespace ziggy::resilience
