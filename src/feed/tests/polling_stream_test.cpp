#include "ziggy/feed/polling_stream.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>

#include "stream_vendor.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::feed {
namespace {

using namespace std::chrono_literals;
using testing::Running;

Symbol symbol(std::string_view text) { return *Symbol::parse(text); }

/// Answers as the test says and writes down who asked for what.
class ScriptedQuotes final : public QuoteSource {
 public:
  testing::Lines lines;
  std::function<Result<QuotesReply>(int round, const std::vector<Symbol>&)> script;
  std::atomic<int> rounds = 0;
  std::atomic<int> running = 0;
  std::atomic<int> running_max = 0;

  Capability quotes_capability() const override {
    Capability capability;
    capability.batch_max = 2;
    return capability;
  }
  net::Task<Result<Quote>> quote(Symbol, Call) override {
    co_return fail(ErrorCode::NotSupported, "only many at once");
  }
  net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call) override {
    running_max = std::max(running_max.load(), ++running);
    EXPECT_EQ(call.use, CallUse::Batch);
    EXPECT_LT(call.deadline, std::chrono::steady_clock::now() + 11s);
    co_await net::sleep_for(1ms);
    std::string line = "asks";
    for (const Symbol& each : symbols) line += fmt::format(" {}", each.view());
    lines.add(std::move(line));
    auto reply = script(++rounds, symbols);
    --running;
    co_return reply;
  }
};

Quote quote_of(const Symbol& of, double last) {
  Quote quote;
  quote.symbol = of;
  quote.as_of = *parse_rfc3339("2024-03-04T15:00:00Z");
  quote.last = last;
  return quote;
}

PollingSettings quick() {
  return {.every = 3ms, .pause_max = 40ms, .request_timeout = 10s, .failures_max = 3, .seed = 7};
}

TEST(PollingStream, PassesOnWhatHasChanged) {
  ScriptedQuotes vendor;
  std::atomic<double> price = 1;
  vendor.script = [&](int, const std::vector<Symbol>& symbols) {
    QuotesReply reply;
    for (const Symbol& each : symbols) reply.quotes.push_back(quote_of(each, price));
    return reply;
  };
  Running<PollingStream> run{vendor, "yahoo", quick()};
  for (const char* each : {"A", "B", "C"}) run.stream.subscribe(symbol(each));
  ASSERT_TRUE(vendor.lines.wait("asks A B", 4)) << vendor.lines.text();
  EXPECT_GE(vendor.lines.count("asks C"), 3U);
  EXPECT_EQ(vendor.running_max, 1);
  EXPECT_EQ(run.listener.lines.count("quote A"), 1U);
  EXPECT_EQ(run.listener.lines.count("yahoo A subscribed"), 1U);
  EXPECT_EQ(run.listener.lines.count("yahoo is up"), 1U);
  price = 2;
  EXPECT_TRUE(run.listener.lines.wait("quote C 2024-03-04T15:00:00Z -x- -x- last 2"));
  EXPECT_TRUE(run.listener.lines.wait("quote A 2024-03-04T15:00:00Z -x- -x- last 2"));

  for (const char* each : {"A", "B", "C"}) run.stream.unsubscribe(symbol(each));
  ASSERT_TRUE(run.listener.lines.wait("yahoo is idle"));
  const int asked = vendor.rounds;
  std::this_thread::sleep_for(15ms);
  EXPECT_EQ(vendor.rounds, asked);
  run.stream.subscribe(symbol("A"));
  EXPECT_TRUE(run.listener.lines.wait("yahoo A subscribed", 2));
}

TEST(PollingStream, LeavesOutWhatTheVendorDoesNotKnow) {
  ScriptedQuotes vendor;
  vendor.script = [](int, const std::vector<Symbol>& symbols) {
    QuotesReply reply;
    for (const Symbol& each : symbols) {
      if (each.view() == "NOPE") {
        reply.missing.emplace_back(each, Error{ErrorCode::UnknownSymbol, "not found"});
      } else {
        reply.quotes.push_back(quote_of(each, 1));
      }
    }
    return reply;
  };
  Running<PollingStream> run{vendor, "yahoo", quick()};
  run.stream.subscribe(symbol("A"));
  run.stream.subscribe(symbol("NOPE"));
  ASSERT_TRUE(run.listener.lines.wait("yahoo NOPE unknown_symbol (not found)"));
  const std::size_t with = vendor.lines.count("asks A NOPE") + vendor.lines.count("asks NOPE");
  ASSERT_TRUE(vendor.lines.wait("asks A", with + 3));
  EXPECT_EQ(vendor.lines.count("asks A NOPE") + vendor.lines.count("asks NOPE"), with);
  EXPECT_EQ(run.listener.lines.count("yahoo NOPE"), 1U);
  run.stream.unsubscribe(symbol("NOPE"));
  run.stream.subscribe(symbol("NOPE"));
  EXPECT_TRUE(run.listener.lines.wait("yahoo NOPE unknown_symbol", 2));
}

TEST(PollingStream, SlowsDownForTheQuotaAndSaysWhenItIsDown) {
  ScriptedQuotes vendor;
  std::atomic<bool> is_good = false;
  vendor.script = [&](int, const std::vector<Symbol>& symbols) -> Result<QuotesReply> {
    if (!is_good) return fail(Error{ErrorCode::ProviderQuota, "429"}.with_retry_after(3600s));
    QuotesReply reply;
    for (const Symbol& each : symbols) reply.quotes.push_back(quote_of(each, 1));
    return reply;
  };
  Running<PollingStream> run{vendor, "yahoo", quick()};
  const auto began = std::chrono::steady_clock::now();
  run.stream.subscribe(symbol("A"));
  // An hour is cut to pause_max; without the quota three rounds would take 10 ms.
  ASSERT_TRUE(run.listener.lines.wait("yahoo is down: 429")) << run.listener.lines.text();
  EXPECT_GE(std::chrono::steady_clock::now() - began, 80ms);
  is_good = true;
  run.stream.reconnect();
  EXPECT_TRUE(run.listener.lines.wait("yahoo is up"));
}

TEST(PollingStream, StopsAskingWhenTheKeyIsRefused) {
  ScriptedQuotes vendor;
  std::atomic<bool> is_good = false;
  vendor.script = [&](int, const std::vector<Symbol>& symbols) -> Result<QuotesReply> {
    if (!is_good) return fail(ErrorCode::CredentialsRejected, "401");
    QuotesReply reply;
    for (const Symbol& each : symbols) reply.quotes.push_back(quote_of(each, 1));
    return reply;
  };
  Running<PollingStream> run{vendor, "yahoo", quick()};
  run.stream.subscribe(symbol("A"));
  ASSERT_TRUE(run.listener.lines.wait("yahoo is refused: 401"));
  std::this_thread::sleep_for(15ms);
  EXPECT_EQ(vendor.rounds, 1);
  is_good = true;
  run.stream.reconnect();
  EXPECT_TRUE(run.listener.lines.wait("yahoo is up"));
  EXPECT_TRUE(run.listener.lines.wait("quote A"));
}

TEST(PollingStream, TakesFailuresOfEverySymbolForAFailedRound) {
  ScriptedQuotes vendor;
  vendor.script = [](int, const std::vector<Symbol>& symbols) {
    QuotesReply reply;
    for (const Symbol& each : symbols) {
      reply.missing.emplace_back(each, Error{ErrorCode::ProviderTimeout, "slow"});
    }
    return reply;
  };
  Running<PollingStream> run{vendor, "yahoo", quick()};
  run.stream.subscribe(symbol("A"));
  EXPECT_TRUE(run.listener.lines.wait("yahoo is down: slow"));
  EXPECT_EQ(run.listener.lines.count("yahoo A"), 0U);
}

}  // namespace
}  // namespace ziggy::feed
