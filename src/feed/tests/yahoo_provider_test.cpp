// YahooProvider over real HTTP against a small Yahoo of its own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "yahoo_plan.hpp"
#include "yahoo_session.hpp"
#include "ziggy/feed/yahoo.hpp"
#include "ziggy/net/loops.hpp"
#include "ziggy/net/query.hpp"
#include "ziggy/net/server.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::feed {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

Timestamp day(int y, unsigned m, unsigned d) { return sys_days{year{y} / m / d}; }
Symbol symbol(std::string_view text) { return *Symbol::parse(text); }

std::string chart_of(std::string_view name, std::string_view rows, std::string_view events) {
  return fmt::format(
      R"({{"chart":{{"result":[{{"meta":{{"symbol":"{}","gmtoffset":-18000,"range":"1d",)"
      R"("regularMarketPrice":10.5,"regularMarketTime":1598900000,"chartPreviousClose":10}},{},)"
      R"("events":{{{}}}}}],"error":null}}}})",
      name, rows, events);
}

constexpr std::string_view kTwoDays =
    R"("timestamp":[1598621400,1598880600],"indicators":{"quote":[{"open":[124,127],)"
    R"("high":[126,131],"low":[123,126],"close":[124.80750274658203,129.0399932861328],)"
    R"("volume":[187630000,225702700]}]})";
constexpr std::string_view kSplit =
    R"("splits":{"1598880600":{"date":1598880600,"numerator":4,"denominator":1}})";
constexpr std::string_view kQuotes =
    R"({"quoteResponse":{"result":[{"symbol":"AAPL","regularMarketPrice":129,)"
    R"("regularMarketTime":1598900000,"marketState":"REGULAR"}],"error":null}})";
constexpr std::string_view kInvalidCrumb =
    R"({"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}})";

class FakeYahoo {
 public:
  explicit FakeYahoo(const Clock& clock) : loops_{1} {
    net::Router router;
    for (const char* const path : {"/", "/quote/{symbol}", "/v1/test/getcrumb", "/v7/finance/quote",
                                   "/v8/finance/chart/{symbol}"}) {
      router.get(path, {.body_max = 0, .timeout = 2s, .scope = "public", .rate_class = "default"},
                 nullptr, [this](const net::Request& request, net::Response& response) {
                   return answer(request, response);
                 });
    }
    net::ServerSettings settings;
    settings.port = 0;
    server_ =
        std::make_unique<net::Server>(loops_, clock, std::move(router), std::move(settings),
                                      [](const Error&, const net::Request&, net::Response&) {});
    port_ = *server_->listen();
    loops_.run();
  }
  ~FakeYahoo() { server_.reset(); }

  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  [[nodiscard]] std::vector<std::string> asked() const {
    const std::lock_guard lock{mutex_};
    return asked_;
  }
  [[nodiscard]] std::size_t count(std::string_view start) const {
    const auto all = asked();
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [&](const std::string& target) { return target.starts_with(start); }));
  }

  /// What it does differently from a healthy Yahoo.
  std::atomic<bool> has_crumbs{true};
  std::atomic<bool> quotes_closed{false};
  std::atomic<int> crumb_number{1};
  std::atomic<int> crumb_status{200};
  std::atomic<int> events_status{200};
  std::string chart_name = "AAPL";

 private:
  bool answer(const net::Request& request, net::Response& response) {
    {
      const std::lock_guard lock{mutex_};
      asked_.emplace_back(request.target);
    }
    response.content_type = "application/json";
    const auto query = *net::QueryParams::parse(request.query);
    const std::string crumb = fmt::format("crumb/{}", crumb_number.load());
    if (request.path == "/" || request.path.starts_with("/quote/")) {
      response.status = 404;
      // As Yahoo sends it, for a domain that a stand-in is not of.
      response.headers.push_back({"Set-Cookie", "A3=cookie; Domain=.yahoo.com; Path=/; Secure"});
    } else if (request.path == "/v1/test/getcrumb") {
      response.content_type = "text/plain";
      response.status = has_crumbs ? crumb_status.load() : 404;
      response.body = request.header("cookie") == "A3=cookie" ? crumb : "";
    } else if (request.path == "/v7/finance/quote") {
      const bool is_known = query.get("crumb") == crumb || !has_crumbs;
      response.status = is_known && !quotes_closed ? 200 : 401;
      response.body = response.status == 200 ? kQuotes : kInvalidCrumb;
    } else if (query.get("interval") == "1mo") {
      response.status = events_status;
      response.body = chart_of(chart_name, R"("indicators":{"quote":[{}]})", kSplit);
    } else {
      response.body = chart_of(chart_name, kTwoDays, "");
    }
    return true;
  }

  net::Loops loops_;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::unique_ptr<net::Server> server_;
  std::uint16_t port_ = 0;
};

class YahooProviderTest : public ::testing::Test {
 protected:
  Call call() {
    Call call;
    call.deadline = clock_.steady() + 5s;
    return call;
  }
  Result<BarsReply> bars(std::string_view name, Timestamp start, Timestamp end, bool actions) {
    BarsRequest request{.symbol = symbol(name),
                        .interval = Interval::Day,
                        .range = {start, end},
                        .with_actions = actions};
    return testing::run_task(provider_.bars()->bars(request, call()));
  }
  Result<Quote> quote() {
    return testing::run_task(provider_.quotes()->quote(symbol("AAPL"), call()));
  }

  SystemClock clock_;
  FakeYahoo yahoo_{clock_};
  net::HttpClient http_{clock_};
  YahooProvider provider_{{.base_url = yahoo_.url()}, http_, clock_, nullptr};
};

TEST_F(YahooProviderTest, UndoesSplitsAfterTheRange) {
  for (const bool actions : {false, true}) {
    const auto reply = bars("AAPL", day(2020, 8, 28), day(2020, 8, 29), actions);
    ASSERT_TRUE(reply) << reply.error().detail();
    ASSERT_EQ(reply->bars.size(), 1U) << "wider answers are cut";
    EXPECT_EQ(reply->bars.close[0], 499.23);
    EXPECT_EQ(reply->bars.volume[0], 46'907'500);
    ASSERT_EQ(reply->actions.size(), 1U);
    EXPECT_EQ(reply->actions[0].value, 4);
  }
  EXPECT_EQ(yahoo_.count("/v8/finance/chart/AAPL?period1=-2208988800"), 1U) << "splits are kept";
  // A range up to now brings its splits along.
  const auto now = bars("AAPL", day(2020, 8, 31), Timestamp::max(), false);
  ASSERT_TRUE(now) << now.error().detail();
  EXPECT_EQ(now->bars.close[0], 129.04);
  EXPECT_EQ(yahoo_.count("/v8/"), 4U);
}

TEST_F(YahooProviderTest, WantsTheSplitsOrFails) {
  yahoo_.events_status = 500;
  const auto reply = bars("AAPL", day(2020, 8, 28), day(2020, 8, 29), false);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::ProviderUnavailable);
  yahoo_.events_status = 404;
  const auto none = bars("AAPL", day(2020, 8, 28), day(2020, 8, 29), false);
  ASSERT_TRUE(none) << none.error().detail();
  EXPECT_EQ(none->bars.close[0], 124.8075) << "no chart of months: no splits known";
}

TEST_F(YahooProviderTest, NoticesAnotherSymbol) {
  const auto reply = bars("MSFT", day(2020, 8, 28), day(2020, 8, 29), false);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::BadPayload);
  yahoo_.chart_name = "BRK-B";
  EXPECT_TRUE(bars("BRK.B", day(2020, 8, 28), day(2020, 8, 29), false));
  EXPECT_EQ(yahoo_.count("/v8/finance/chart/BRK-B?"), 2U);
}

TEST_F(YahooProviderTest, RefusesWhatYahooHasNot) {
  for (const Interval interval : {Interval::Second, Interval::Hour4}) {
    BarsRequest request{.symbol = symbol("AAPL"), .interval = interval};
    const auto reply = testing::run_task(provider_.bars()->bars(request, call()));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code(), ErrorCode::NotSupported);
    EXPECT_FALSE(provider_.bars()->bars_capability().serves(interval));
  }
  EXPECT_TRUE(provider_.bars()->bars_capability().serves(Interval::Minute));
  EXPECT_TRUE(yahoo_.asked().empty());
}

TEST_F(YahooProviderTest, GetsACookieACrumbAndAQuote) {
  auto first = quote();
  ASSERT_TRUE(first) << first.error().detail();
  EXPECT_EQ(first->last, 129);
  EXPECT_EQ(yahoo_.asked(),
            (std::vector<std::string>{"/", "/v1/test/getcrumb",
                                      "/v7/finance/quote?symbols=AAPL&crumb=crumb%2F1"}));
  ASSERT_TRUE(quote());
  EXPECT_EQ(yahoo_.asked().size(), 4U) << "the crumb is kept";

  yahoo_.crumb_number = 2;
  ASSERT_TRUE(quote()) << "a crumb gone stale is replaced";
  EXPECT_EQ(yahoo_.count("/v1/test/getcrumb"), 2U);
  EXPECT_EQ(yahoo_.asked().size(), 8U);
}

TEST_F(YahooProviderTest, QuotesFromTheChartWhereQuotesAreClosed) {
  yahoo_.quotes_closed = true;
  const auto from_chart = quote();
  ASSERT_TRUE(from_chart) << from_chart.error().detail();
  EXPECT_EQ(from_chart->last, 10.5);
  EXPECT_EQ(from_chart->prev_close, 10);
  EXPECT_EQ(yahoo_.count("/v7/"), 2U) << "one refresh a request";
  yahoo_.chart_name = "OTHER";
  const auto neither = quote();
  ASSERT_FALSE(neither);
  EXPECT_EQ(neither.error().code(), ErrorCode::ProviderUnavailable) << "there is no key to correct";
  EXPECT_EQ(neither.error().detail().find("crumb/"), std::string::npos);
}

TEST_F(YahooProviderTest, DoesWithoutACrumb) {
  yahoo_.has_crumbs = false;
  ASSERT_TRUE(quote());
  ASSERT_TRUE(quote());
  EXPECT_EQ(yahoo_.count("/v1/test/getcrumb"), 1U) << "not asked for at once again";
  EXPECT_EQ(yahoo_.count("/v7/finance/quote?symbols=AAPL"), 2U);
}

TEST_F(YahooProviderTest, SaysThatItAskedTooOften) {
  yahoo_.crumb_status = 429;
  const auto refused = quote();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::ProviderQuota);
  EXPECT_EQ(refused.error().retry_after(), 60s);
}

TEST_F(YahooProviderTest, PaysForEachRequest) {
  resilience::Budget budget{{.name = "yahoo", .count = 2}, clock_};
  YahooProvider provider{{.base_url = yahoo_.url()}, http_, clock_, &budget};
  const auto refused = testing::run_task(provider.quotes()->quote(symbol("AAPL"), call()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::ProviderQuota);
  EXPECT_EQ(yahoo_.asked().size(), 2U);
  EXPECT_EQ(budget.status().left, 0U);
}

TEST_F(YahooProviderTest, NoHost) {
  YahooProvider provider{{.base_url = "http://127.0.0.1:1"}, http_, clock_, nullptr};
  const auto refused = testing::run_task(provider.quotes()->quote(symbol("AAPL"), call()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::ProviderUnavailable);
}

TEST(YahooSession, KeepsCookies) {
  std::map<std::string, std::string> jar;
  keep_cookie(jar, "A3=d=AQ&S=x; Expires=Tue, 17 Feb 2026 00:39:40 GMT; Domain=.yahoo.com; Path=/",
              "yahoo.com");
  EXPECT_EQ(jar.at("A3"), "d=AQ&S=x");
  keep_cookie(jar, "B=1; Domain=consent.example", "yahoo.com");
  keep_cookie(jar, "C=1", "yahoo.com");
  keep_cookie(jar, "=1", "");
  keep_cookie(jar, "", "");
  keep_cookie(jar, std::string(9000, 'x') + "=1", "");
  EXPECT_EQ(jar.size(), 1U);
  keep_cookie(jar, "A3=; Max-Age=0; Domain=.yahoo.com", "yahoo.com");
  EXPECT_TRUE(jar.empty());
  for (int i = 0; i < 100; ++i) keep_cookie(jar, fmt::format("c{}=1", i), "");
  EXPECT_EQ(jar.size(), 32U);
}

TEST(YahooPlan, AsksForEnoughAndNotMore) {
  const Timestamp now = day(2025, 2, 20) + 15h;
  const auto plan = [&](Interval interval, std::size_t limit, Timestamp start = kNoStart,
                        Timestamp end = Timestamp::max()) {
    return plan_chart(
        {.symbol = symbol("AAPL"), .interval = interval, .range = {start, end}, .limit = limit},
        now);
  };
  const auto days = plan(Interval::Day, 252);
  ASSERT_EQ(days->pages.size(), 1U);
  EXPECT_LE(days->pages[0].start, now - std::chrono::days{365});
  EXPECT_GE(days->pages[0].start, now - std::chrono::days{410});
  EXPECT_LE(days->pages[0].end, now + std::chrono::days{2});
  // Weeks and months begin a whole one before.
  EXPECT_EQ(plan(Interval::Week, 10, day(2025, 1, 15))->pages[0].start, day(2025, 1, 6));
  EXPECT_EQ(plan(Interval::Month, 10, day(2025, 1, 15))->pages[0].start, day(2024, 12, 1));
  EXPECT_EQ(plan(Interval::Day, 10, day(2025, 1, 15))->pages[0].start, day(2025, 1, 14));
  EXPECT_EQ(plan(Interval::Minute5, 10, day(2025, 1, 15))->pages[0].start, day(2025, 1, 15));
  // Minutes in pages of a week, the latest first for "the last".
  const auto minutes = plan(Interval::Minute, 50'000);
  ASSERT_EQ(minutes->pages.size(), 5U);
  EXPECT_GT(minutes->pages[0].start, minutes->pages[4].start);
  EXPECT_GE(minutes->pages[4].start, now - std::chrono::days{30});
  for (const TimeRange& page : minutes->pages) EXPECT_LE(page.end - page.start, kMinutesAtOnce);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(minutes->pages[i].end, minutes->pages[i - 1].start);
  const auto forward = plan(Interval::Minute, 50'000, day(2025, 2, 1), day(2025, 2, 10));
  ASSERT_EQ(forward->pages.size(), 2U);
  EXPECT_EQ(forward->pages[1].end, day(2025, 2, 10));
  const auto year_of_minutes = plan(Interval::Minute, 10, day(2024, 2, 1));
  ASSERT_FALSE(year_of_minutes);
  EXPECT_EQ(year_of_minutes.error().code(), ErrorCode::NotSupported);
  EXPECT_TRUE(plan(Interval::Day, 0)->pages.empty());
  EXPECT_TRUE(plan(Interval::Day, 9, day(2025, 1, 2), day(2025, 1, 2))->pages.empty());
  EXPECT_TRUE(plan(Interval::Month, 50'000));
}

}  // namespace
}  // namespace ziggy::feed
