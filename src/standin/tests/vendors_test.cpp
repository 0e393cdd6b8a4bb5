#include <algorithm>
#include <cmath>
#include <future>

#include "fixture.hpp"
#include "ziggy/feed/alpaca.hpp"
#include "ziggy/feed/polygon.hpp"
#include "ziggy/feed/yahoo.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/net/spawn.hpp"

namespace ziggy::standin::testing {
namespace {

/// The program's own readers of the three formats, held against the tape that wrote them: whoever
/// is asked, the market is the same.
class Vendors : public StandInTest {
 protected:
  void begin(StandInSettings settings = {},
             feed::SimSessions sessions = feed::SimSessions::Exchange) {
    start(settings, sessions);
    const std::string host = fmt::format("http://127.0.0.1:{}", port_);
    feed::PolygonSettings p;
    p.base_url = host + "/polygon";
    p.key = Secret{"stand-in"};
    feed::AlpacaSettings a;
    a.base_url = host + "/alpaca";
    a.key_id = Secret{"stand-in"};
    a.secret_key = Secret{"stand-in"};
    feed::YahooSettings y;
    y.base_url = host + "/yahoo";
    http_ = std::make_unique<net::HttpClient>(clock_);
    providers_.push_back(std::make_unique<feed::PolygonProvider>(p, *http_, clock_, nullptr));
    providers_.push_back(std::make_unique<feed::AlpacaProvider>(a, *http_, clock_, nullptr));
    providers_.push_back(std::make_unique<feed::YahooProvider>(y, *http_, clock_, nullptr));
  }
  void TearDown() override {
    providers_.clear();
    http_.reset();
    StandInTest::TearDown();
  }

  template <class T>
  T wait(net::Task<T> task) {
    std::promise<T> promise;
    auto future = promise.get_future();
    net::spawn(asking_.at(0).get_executor(), fulfil(std::move(task), std::move(promise)), "test");
    asking_.run();
    return future.get();
  }
  template <class T>
  static net::Task<> fulfil(net::Task<T> task, std::promise<T> promise) {
    promise.set_value(co_await std::move(task));
  }
  static Call call() {
    Call call;
    call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    return call;
  }
  static feed::BarsRequest request(std::string_view symbol, Interval interval,
                                   std::string_view from, std::string_view to) {
    feed::BarsRequest out{.symbol = *Symbol::parse(symbol), .interval = interval};
    out.range = {*parse_rfc3339(from), *parse_rfc3339(to)};
    out.limit = 50'000;
    return out;
  }
  feed::BarsReply truth(feed::BarsRequest request) {
    auto reply = wait(tape_->bars(std::move(request), clock_.now()));
    EXPECT_TRUE(reply.has_value());
    return reply ? std::move(*reply) : feed::BarsReply{};
  }

  /// Whether a vendor's bars are the tape's: prices to `tolerance` of themselves.
  static void expect_same(const BarColumns& got, const BarColumns& truth, double tolerance,
                          std::string_view who) {
    ASSERT_EQ(got.size(), truth.size()) << who;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      ASSERT_EQ(got.time[i], truth.time[i])
          << who << " " << to_rfc3339(got.time_at(i)) << " for " << to_rfc3339(truth.time_at(i));
      ASSERT_NEAR(got.open[i], truth.open[i], truth.open[i] * tolerance) << who;
      ASSERT_NEAR(got.high[i], truth.high[i], truth.high[i] * tolerance) << who;
      ASSERT_NEAR(got.low[i], truth.low[i], truth.low[i] * tolerance) << who;
      ASSERT_NEAR(got.close[i], truth.close[i], truth.close[i] * tolerance) << who;
    }
  }

  net::Loops asking_{1};
  std::unique_ptr<net::HttpClient> http_;
  std::vector<std::unique_ptr<feed::Provider>> providers_;
};

TEST_F(Vendors, GiveTheTapesBarsInEveryInterval) {
  begin();
  const std::array cases = {
      request("AAPL", Interval::Day, "2024-01-02", "2024-06-12"),
      request("AAPL", Interval::Week, "2024-01-01", "2024-06-03"),
      request("AAPL", Interval::Month, "2023-01-01", "2024-06-01"),
      request("AAPL", Interval::Minute, "2024-06-11T13:30:00Z", "2024-06-11T20:00:00Z"),
      request("BRK.B", Interval::Minute5, "2024-06-10T13:30:00Z", "2024-06-11T20:00:00Z"),
      request("T123", Interval::Minute15, "2024-06-10T13:30:00Z", "2024-06-11T20:00:00Z"),
      request("MSFT", Interval::Minute30, "2024-06-10T13:30:00Z", "2024-06-11T20:00:00Z"),
  };
  for (const feed::BarsRequest& each : cases) {
    const feed::BarsReply tape = truth(each);
    ASSERT_GT(tape.bars.size(), 5U);
    for (const auto& provider : providers_) {
      if (!provider->bars()->bars_capability().serves(each.interval)) continue;
      const auto reply = wait(provider->bars()->bars(each, call()));
      ASSERT_TRUE(reply.has_value()) << provider->name() << ": " << reply.error().detail();
      // 32-bit floats and a division later Yahoo's are a little off.
      expect_same(reply->bars, tape.bars, provider->name() == "yahoo" ? 2e-6 : 1e-12,
                  fmt::format("{} {} {}", provider->name(), each.symbol.view(),
                              interval_name(each.interval)));
    }
  }
}

TEST_F(Vendors, UndoSplitsAndTellActions) {
  begin();
  // Of the simulator's symbols, one that has split.
  for (const std::string_view symbol : {"NVDA", "TSLA", "AAPL", "AMZN", "GOOGL"}) {
    auto asked = request(symbol, Interval::Day, "2000-01-03", "2024-06-12");
    const feed::BarsReply tape = truth(asked);
    const bool has_split = std::ranges::any_of(tape.actions, [](const CorporateAction& action) {
      return action.kind == CorporateAction::Kind::Split;
    });
    if (!has_split) continue;
    for (const auto& provider : providers_) {
      const auto reply = wait(provider->bars()->bars(asked, call()));
      ASSERT_TRUE(reply.has_value()) << provider->name() << ": " << reply.error().detail();
      expect_same(reply->bars, tape.bars, provider->name() == "yahoo" ? 1e-5 : 1e-12,
                  provider->name());
      ASSERT_EQ(reply->actions.size(), tape.actions.size()) << provider->name();
      for (std::size_t i = 0; i < tape.actions.size(); ++i) {
        EXPECT_EQ(reply->actions[i].ex_date, tape.actions[i].ex_date) << provider->name();
        EXPECT_NEAR(reply->actions[i].value, tape.actions[i].value, tape.actions[i].value * 1e-3)
            << provider->name() << " " << to_rfc3339(tape.actions[i].ex_date);
      }
    }
    return;
  }
  FAIL() << "the simulated exchange has no splits";
}

TEST_F(Vendors, FollowPagesToTheEnd) {
  begin({.page_max = 37});
  const auto asked =
      request("AAPL", Interval::Minute, "2024-06-11T13:30:00Z", "2024-06-11T20:00:00Z");
  const feed::BarsReply tape = truth(asked);
  for (const auto& provider : providers_) {
    const auto reply = wait(provider->bars()->bars(asked, call()));
    ASSERT_TRUE(reply.has_value()) << provider->name() << ": " << reply.error().detail();
    expect_same(reply->bars, tape.bars, 2e-6, provider->name());
  }
  EXPECT_GE(stand_in_->counts().of(Vendor::Polygon, Route::Bars).requests, 390U / 37);
  EXPECT_GE(stand_in_->counts().of(Vendor::Alpaca, Route::Bars).requests, 390U / 37);
}

TEST_F(Vendors, GiveTheTapesQuotes) {
  begin({}, feed::SimSessions::Always);
  const std::vector<Symbol> symbols = {*Symbol::parse("AAPL"), *Symbol::parse("BRK.B"),
                                       *Symbol::parse("T7"), *Symbol::parse("NOSUCH")};
  for (const auto& provider : providers_) {
    const auto reply = wait(provider->quotes()->quotes(symbols, call()));
    ASSERT_TRUE(reply.has_value()) << provider->name() << ": " << reply.error().detail();
    ASSERT_EQ(reply->quotes.size(), 3U) << provider->name();
    for (const Quote& quote : reply->quotes) {
      const auto tape = wait(tape_->quote(quote.symbol, clock_.now()));
      ASSERT_TRUE(tape.has_value());
      EXPECT_EQ(quote.last, tape->last) << provider->name() << " " << quote.symbol.view();
      EXPECT_LT(std::chrono::abs(quote.as_of - tape->as_of), std::chrono::seconds{1})
          << provider->name();
    }
    ASSERT_EQ(reply->missing.size(), 1U) << provider->name();
    EXPECT_EQ(reply->missing[0].second.code(), ErrorCode::UnknownSymbol) << provider->name();
  }
}

TEST_F(Vendors, GiveTheTapesCoins) {
  begin();
  const auto coin = *Symbol::parse("BTC-USD");
  const auto asked = request("BTC-USD", Interval::Hour, "2024-06-11", "2024-06-12");
  const feed::BarsReply tape = truth(asked);
  ASSERT_EQ(tape.bars.size(), 24U);
  for (const auto& provider : providers_) {
    ASSERT_NE(provider->crypto(), nullptr) << provider->name();
    const auto quote = wait(provider->crypto()->quote(coin, call()));
    ASSERT_TRUE(quote.has_value()) << provider->name() << ": " << quote.error().detail();
    EXPECT_EQ(quote->last, wait(tape_->quote(coin, clock_.now()))->last) << provider->name();
    const auto reply = wait(provider->crypto()->bars(asked, call()));
    ASSERT_TRUE(reply.has_value()) << provider->name() << ": " << reply.error().detail();
    expect_same(reply->bars, tape.bars, 2e-6, provider->name());
  }
}

TEST_F(Vendors, TypeWhatTheStandInBreaks) {
  begin();
  const auto asked = request("AAPL", Interval::Day, "2024-06-03", "2024-06-12");
  const std::array cases = {
      std::pair{R"({"at":0,"fault":"refuse"})", ErrorCode::ProviderUnavailable},
      std::pair{R"({"at":0,"fault":"reset"})", ErrorCode::ProviderUnavailable},
      std::pair{R"({"at":0,"fault":"status","status":503})", ErrorCode::ProviderUnavailable},
      std::pair{R"({"at":0,"fault":"status","status":429,"retry_after":9})",
                ErrorCode::ProviderQuota},
      std::pair{R"({"at":0,"fault":"html"})", ErrorCode::BadPayload},
      std::pair{R"({"at":0,"fault":"empty"})", ErrorCode::BadPayload},
      std::pair{R"({"at":0,"fault":"hang"})", ErrorCode::ProviderTimeout},
      std::pair{R"({"at":0,"fault":"trickle"})", ErrorCode::ProviderTimeout},
  };
  for (const auto& [step, code] : cases) {
    fault(step);
    for (const auto& provider : providers_) {
      Call soon = call();
      soon.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{150};
      const auto reply = wait(provider->bars()->bars(asked, soon));
      ASSERT_FALSE(reply.has_value()) << provider->name() << " " << step;
      EXPECT_EQ(code_name(reply.error().code()), code_name(code))
          << provider->name() << " " << step << ": " << reply.error().detail();
      if (code == ErrorCode::ProviderQuota)
        EXPECT_EQ(reply.error().retry_after(), std::chrono::seconds{9});
    }
    stand_in_->heal();
  }
}

}  // namespace
}  // namespace ziggy::standin::testing
