// Every recording of Yahoo's that carries bars or quotes gives the right figures, every recorded
// error its typed one.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "yahoo_chart.hpp"
#include "yahoo_errors.hpp"
#include "yahoo_quote.hpp"
#include "yahoo_search.hpp"
#include "yahoo_symbols.hpp"
#include "ziggy/testing/reference_data.hpp"

namespace ziggy::feed {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

struct Recording {
  std::string name;
  int status = 0;
  std::string url;
  std::string body;
};

std::vector<Recording> recordings(std::string_view folder) {
  std::vector<Recording> found;
  const auto root = testing::reference_data() / "providers/yahoo" / folder;
  for (const auto& entry : std::filesystem::directory_iterator{root}) {
    simdjson::dom::parser parser;
    const std::string text = testing::read_file(entry.path());
    const simdjson::dom::element file = parser.parse(text);
    Recording recording{
        .name = entry.path().filename().string(), .status = 0, .url = {}, .body = {}};
    recording.status = static_cast<int>(file["response"]["status"].get_int64().value());
    std::string_view url;
    if (file["request"]["url"].get(url) == simdjson::SUCCESS) recording.url = url;
    simdjson::dom::element body;
    for (const auto key : {"bodyJson", "bodyText", "body"}) {
      if (file["response"][key].get(body) != simdjson::SUCCESS) continue;
      std::string_view plain;
      recording.body =
          body.get(plain) == simdjson::SUCCESS ? std::string{plain} : simdjson::minify(body);
    }
    found.push_back(std::move(recording));
  }
  EXPECT_FALSE(found.empty()) << folder;
  return found;
}

Interval interval_of(const std::string& url) {
  if (url.find("interval=1m&") != std::string::npos) return Interval::Minute;
  if (url.find("interval=1h&") != std::string::npos) return Interval::Hour;
  return Interval::Day;
}

// The figures by another way: simdjson's cursor, no code of feed.
TEST(YahooRecordings, Charts) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  std::size_t rows = 0;
  for (const Recording& recording : recordings("chart")) {
    SCOPED_TRACE(recording.name);
    auto chart = parse_chart(recording.body, interval_of(recording.url));
    ASSERT_TRUE(chart) << chart.error().detail();
    ASSERT_TRUE(unadjust(chart->bars, chart->splits, interval_of(recording.url)));
    simdjson::dom::parser parser;
    const simdjson::dom::element result =
        parser.parse(recording.body)["chart"]["result"].at(0).value();
    simdjson::dom::array times;
    const bool has_times = result["timestamp"].get(times) == simdjson::SUCCESS;
    ASSERT_EQ(chart->bars.size() + chart->dropped, has_times ? times.size() : 0);
    EXPECT_EQ(chart->dropped, 0U);
    const simdjson::dom::element quote = result["indicators"]["quote"].at(0).value();
    for (std::size_t i = 0; i < chart->bars.size(); ++i) {
      const auto same = [&](const char* name, double ours) {
        const double theirs = quote[name].at(i).get_double();
        // Half the step of a float.
        EXPECT_NEAR(ours, theirs, std::abs(theirs) * 6e-8) << name << " of row " << i;
        EXPECT_EQ(static_cast<float>(ours), static_cast<float>(theirs));
        EXPECT_LE(fmt::format("{}", ours).size(), 10U) << "noise";
      };
      same("open", chart->bars.open[i]);
      same("high", chart->bars.high[i]);
      same("low", chart->bars.low[i]);
      same("close", chart->bars.close[i]);
      EXPECT_EQ(chart->bars.volume[i], quote["volume"].at(i).get_double().value());
      const Timestamp time{seconds{times.at(i).get_int64().value()}};
      EXPECT_EQ(chart->bars.time_at(i), Timestamp{date_of(time)});
      ++rows;
    }
  }
  EXPECT_GT(rows, 300U);
}

TEST(YahooRecordings, SplitsAndDividends) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  using Kind = CorporateAction::Kind;
  for (const Recording& recording : recordings("chart")) {
    const auto chart = parse_chart(recording.body, interval_of(recording.url));
    ASSERT_TRUE(chart);
    const auto actions = paid_actions(chart->splits, chart->dividends);
    if (recording.name.starts_with("chart-AAPL-2020-08-31")) {
      ASSERT_EQ(actions.size(), 2U);
      EXPECT_EQ(actions[0], (CorporateAction{Kind::Split, sys_days{year{2020} / 8 / 31}, 4}));
      EXPECT_EQ(actions[1],
                (CorporateAction{Kind::Dividend, sys_days{year{2020} / 11 / 6}, 0.205}));
      EXPECT_EQ(chart->bars.time_at(0), Timestamp{sys_days{year{2020} / 8 / 31}});
    } else if (recording.name.starts_with("historical-via-chart-MSFT")) {
      ASSERT_EQ(actions.size(), 4U);
      EXPECT_EQ(actions[3],
                (CorporateAction{Kind::Dividend, sys_days{year{2021} / 11 / 17}, 0.62}));
    } else {
      EXPECT_TRUE(actions.empty()) << recording.name;
    }
  }
}

std::vector<Symbol> asked_for(const std::string& url) {
  std::string list = url.substr(url.find("symbols=") + 8);
  list.resize(std::min(list.find('&'), list.size()));
  for (std::size_t at = 0; (at = list.find('%')) != std::string::npos;) {
    const char c = list.compare(at, 3, "%2C") == 0 ? ',' : '=';
    list.replace(at, 3, 1, c);
  }
  std::vector<Symbol> symbols;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t to = std::min(list.find(',', from), list.size());
    symbols.push_back(*from_yahoo(list.substr(from, to - from)));
    from = to + 1;
  }
  return symbols;
}

TEST(YahooRecordings, Quotes) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  std::size_t quotes = 0;
  for (const Recording& recording : recordings("quote")) {
    SCOPED_TRACE(recording.name);
    const auto symbols = asked_for(recording.url);
    const auto reply = parse_quotes(recording.body, symbols);
    ASSERT_TRUE(reply) << reply.error().detail();
    EXPECT_EQ(reply->quotes.size() + reply->missing.size(), symbols.size());
    simdjson::dom::parser parser;
    const simdjson::dom::array results =
        parser.parse(recording.body)["quoteResponse"]["result"].get_array().value();
    for (const Quote& quote : reply->quotes) {
      const auto found = std::ranges::find_if(results, [&](simdjson::dom::element one) {
        return from_yahoo(one["symbol"].get_string().value()) == quote.symbol;
      });
      ASSERT_NE(found, results.end());
      const simdjson::dom::element theirs = *found;
      const auto number = [&](std::string_view name) -> std::optional<double> {
        double value = 0;
        if (theirs[name].get(value) != simdjson::SUCCESS || value == 0) return std::nullopt;
        return value;
      };
      std::string_view state;
      ASSERT_EQ(theirs["marketState"].get(state), simdjson::SUCCESS);
      const bool is_pre = state == "PRE";
      EXPECT_EQ(quote.last, number(is_pre ? "preMarketPrice" : "regularMarketPrice"));
      EXPECT_EQ(quote.prev_close,
                number(is_pre ? "regularMarketPrice" : "regularMarketPreviousClose"));
      EXPECT_EQ(quote.bid, number("bid"));
      EXPECT_EQ(quote.ask, number("ask"));
      const std::int64_t time = theirs[is_pre ? "preMarketTime" : "regularMarketTime"].get_int64();
      EXPECT_EQ(quote.as_of, Timestamp{seconds{time}});
      EXPECT_EQ(quote.volume.value_or(0), number("regularMarketVolume").value_or(0));
      EXPECT_EQ(quote.market_state, is_pre               ? MarketState::Pre
                                    : state == "REGULAR" ? MarketState::Open
                                                         : MarketState::Closed);
      ++quotes;
    }
    for (const auto& [symbol, error] : reply->missing) {
      EXPECT_EQ(error.code(), ErrorCode::UnknownSymbol);
      EXPECT_TRUE(symbol.view() == "SI" || symbol.view() == "NONEXIST" ||
                  symbol.view() == "AAPL220121C00025000")
          << symbol.view();
    }
  }
  EXPECT_EQ(quotes, 17U);
}

TEST(YahooRecordings, Errors) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const SystemClock clock;
  net::HttpClient http{clock};
  const VendorClient client{"yahoo", "http://127.0.0.1:9", http, clock, nullptr, {}, refine_yahoo};
  std::size_t errors = 0;
  for (const Recording& recording : recordings("errors")) {
    SCOPED_TRACE(recording.name);
    const auto judged = client.judge({.status = recording.status,
                                      .headers = {{"content-type", "application/json"}},
                                      .body = recording.body,
                                      .http_version = {},
                                      .effective_url = {}});
    ASSERT_FALSE(judged);
    ErrorCode expected = ErrorCode::UnknownSymbol;  // all the 404s
    if (recording.name.starts_with("2021-historical")) expected = ErrorCode::NoData;
    if (recording.name.starts_with("2021-search")) expected = ErrorCode::NotSupported;
    EXPECT_EQ(judged.error().code(), expected) << judged.error().detail();
    ++errors;
  }
  EXPECT_EQ(errors, 5U);
  const auto refused = client.judge(
      {.status = 401,
       .headers = {},
       .body =
           R"({"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}})",
       .http_version = {},
       .effective_url = {}});
  EXPECT_EQ(refused.error().code(), ErrorCode::CredentialsRejected);
  EXPECT_EQ(refused.error().detail(), "yahoo: Unauthorized: Invalid Crumb");
}

TEST(YahooRecordings, Searches) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const TimeRange ever{Timestamp{}, Timestamp{seconds{2'000'000'000}}};
  for (const Recording& recording : recordings("search")) {
    SCOPED_TRACE(recording.name);
    const auto found = parse_search(recording.body, 20);
    ASSERT_TRUE(found) << found.error().detail();
    EXPECT_FALSE(found->empty());
    const auto asked = recording.name.substr(7, recording.name.size() - 12);
    if (asked != "EUR") {
      EXPECT_EQ(found->at(0).symbol.view(), asked);
      const auto news = parse_headlines(recording.body, *Symbol::parse(asked), ever);
      ASSERT_TRUE(news) << news.error().detail();
      EXPECT_TRUE(std::ranges::is_sorted(*news, std::ranges::less{}, &Headline::time));
    }
  }
}

}  // namespace
}  // namespace ziggy::feed
