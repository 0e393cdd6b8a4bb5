#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <optional>

#include "answers.hpp"
#include "market_fixture.hpp"
#include "quote_board.hpp"

// How answers are kept, shared by those who ask at once, and replaced by what is known when nobody
// can be asked.
namespace ziggy::market {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class AnswersTest : public MarketTest {
 protected:
  /// Runs them at the same time, until all have ended.
  template <class T>
  std::vector<T> together(std::vector<net::Task<T>> tasks) {
    std::vector<std::optional<T>> results(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      net::asio::co_spawn(loop_, std::move(tasks[i]), [&results, i](std::exception_ptr, T result) {
        results[i].emplace(std::move(result));
      });
    }
    loop_.restart();
    const auto all_done = [&] {
      return std::ranges::all_of(results, [](const auto& one) { return one.has_value(); });
    };
    const auto work = net::asio::make_work_guard(loop_);
    while (!all_done()) loop_.run_one();
    std::vector<T> ended;
    for (auto& result : results) ended.push_back(std::move(*result));
    return ended;
  }
  /// Lets what runs in the background end.
  void settle() {
    loop_.restart();
    loop_.run_for(milliseconds{20});
  }
  std::vector<Result<QuoteAnswer>> quotes(std::vector<Symbol> symbols) {
    return testing::run_task(loop_, market().quotes(std::move(symbols), Call{}));
  }
  void use(MarketSettings settings) {
    market_.reset();
    settings_ = settings;
    sim_.stream()->set_listener(market());
  }
  void keep_for(milliseconds ttl) { use({.is_always_open = true, .answer_ttl = ttl}); }
  void follow_the_calendar() { use({.is_always_open = false}); }
};

const Symbol kXyz = *Symbol::parse("XYZ");
const Symbol kNew = *Symbol::parse("NEW");

TEST_F(AnswersTest, TheSameQuestionsAtOnceAreOneRequest) {
  int run = 0;
  EXPECT_TRUE(rc::check([this, &run] {
    const Symbol symbol = *Symbol::parse("S" + std::to_string(++run));
    keep_for(*rc::gen::element(milliseconds{0}, milliseconds{1'000}));
    const auto count = *rc::gen::inRange<std::size_t>(1, 40);
    const bool is_failing = *rc::gen::arbitrary<bool>();
    first_.asked = 0;
    first_.takes = milliseconds{1};
    first_.last = is_failing ? std::nullopt : std::optional{42.0};
    first_.answer = is_failing ? Result<feed::BarsReply>{fail(ErrorCode::UnknownSymbol, "no")}
                               : Result<feed::BarsReply>{reply_of(daily("2026-11-01", 10))};
    std::vector<net::Task<Result<BarsAnswer>>> asked;
    for (std::size_t i = 0; i < count; ++i) asked.push_back(market().bars(all(symbol), Call{}));
    for (const auto& answer : together(std::move(asked))) {
      RC_ASSERT(answer.has_value() == !is_failing);
      if (answer) RC_ASSERT(*answer->bars == daily("2026-11-01", 10));
    }
    RC_ASSERT(first_.asked == 1);
    if (is_failing) return;  // a quote then also asks for the last close
    std::vector<net::Task<Result<QuoteAnswer>>> quoted;
    for (std::size_t i = 0; i < count; ++i) quoted.push_back(market().quote(symbol, Call{}));
    for (const auto& answer : together(std::move(quoted))) RC_ASSERT(answer->quote.last == 42);
    RC_ASSERT(first_.asked == 2);
  }));
}

TEST_F(AnswersTest, WhoLeavesAndWhoIsOutOfTimeHarmNobody) {
  first_.takes = milliseconds{3};
  first_.last = 42;
  net::asio::cancellation_signal leave;
  bool has_left = false;
  net::asio::co_spawn(loop_, market().quote(kAbc, Call{}),
                      net::asio::bind_cancellation_slot(
                          leave.slot(), [&](std::exception_ptr, Result<QuoteAnswer> answer) {
                            has_left = !answer;
                          }));
  std::optional<Result<QuoteAnswer>> hurried;
  Call hurry;
  hurry.deadline = clock_.steady();
  net::asio::co_spawn(loop_, market().quote(kAbc, hurry),
                      [&](std::exception_ptr, Result<QuoteAnswer> answer) { hurried = answer; });
  loop_.restart();
  while (first_.asked == 0) loop_.run_one();
  leave.emit(net::asio::cancellation_type::terminal);
  EXPECT_EQ(quote(kAbc)->quote.last, 42);
  EXPECT_TRUE(has_left);
  ASSERT_TRUE(hurried.has_value());
  EXPECT_EQ(hurried->error().code(), ErrorCode::DeadlineExceeded);
  EXPECT_EQ(first_.asked, 1);
}

TEST_F(AnswersTest, AnOldAnswerIsStaleWhileOneRequestRefreshesIt) {
  first_.answer = reply_of(daily("2026-11-01", 10));
  first_.last = 42;
  const auto before = bars(all(kAbc));
  ASSERT_TRUE(before.has_value() && quote(kAbc).has_value());
  EXPECT_EQ(first_.asked, 2);
  clock_.advance(milliseconds{1'500});
  first_.answer = reply_of(daily("2026-11-01", 10, 20));
  first_.last = 43;
  const auto old = bars(all(kAbc));
  EXPECT_TRUE(old->provenance.stale);
  EXPECT_EQ(*old->bars, *before->bars);
  EXPECT_EQ(old->version, before->version);
  const auto old_quote = quote(kAbc);
  EXPECT_TRUE(old_quote->provenance.stale);
  EXPECT_EQ(old_quote->quote.last, 42);
  QuoteAnswer known;
  EXPECT_FALSE(market().latest_quote(kAbc, known));
  settle();
  EXPECT_EQ(first_.asked, 4);
  EXPECT_FALSE(bars(all(kAbc))->provenance.stale);
  EXPECT_EQ(*bars(all(kAbc))->bars, daily("2026-11-01", 10, 20));
  EXPECT_EQ(quote(kAbc)->quote.last, 43);
  EXPECT_FALSE(quote(kAbc)->provenance.stale);
  EXPECT_EQ(first_.asked, 4);
  // Far too old: it is not given out any more.
  clock_.advance(milliseconds{3'500});
  EXPECT_FALSE(quote(kAbc)->provenance.stale);
  EXPECT_EQ(first_.asked, 5);
}

TEST_F(AnswersTest, WithoutACacheEveryAnswerIsAskedForAndFresh) {
  keep_for(milliseconds{0});
  first_.answer = reply_of(daily("2026-11-01", 10));
  first_.last = 42;
  for (int i = 1; i <= 3; ++i) {
    EXPECT_FALSE(bars(all(kAbc))->provenance.stale);
    EXPECT_FALSE(quote(kAbc)->provenance.stale);
    EXPECT_EQ(first_.asked, 2 * i);
  }
  EXPECT_FALSE(market().cached_bars(all(kAbc)).has_value());
}

TEST_F(AnswersTest, ThatThereIsNoneIsBelievedForAWhileAndUntilAnImport) {
  keep_for(seconds{600});
  EXPECT_EQ(bars(all(kNew)).error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(bars(all(kNew)).error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(first_.asked, 1);
  // Listings begin: not for as long as a good answer.
  clock_.advance(kNegativeMax);
  EXPECT_EQ(bars(all(kNew)).error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(first_.asked, 2);
  import(kNew, daily("2026-11-01", 10));
  clock_.advance(seconds{1});
  EXPECT_EQ(bars(all(kNew))->bars->size(), 10U);
}

TEST_F(AnswersTest, NoBarsWhereSomeAreExpectedAreAskedOfTheNextVendor) {
  follow_the_calendar();
  BarsQuery query = all(kAbc);
  query.range = {at("2026-11-02"), at("2026-11-07")};
  first_.answer = reply_of({});
  second_.answer = reply_of(daily("2026-11-02", 5));
  const auto answer = bars(query);
  ASSERT_TRUE(answer.has_value()) << answer.error().detail();
  EXPECT_EQ(answer->provenance.provider, "second");
  EXPECT_EQ(answer->provenance.fallback_from.back().code, ErrorCode::NoData);
  EXPECT_FALSE(answer->provenance.stale);
  // Nobody is blamed, and nothing is quarantined.
  for (const auto& status : desk_.status()) {
    EXPECT_EQ(status.operations[0].windows[0].violations, 0U) << status.name;
    EXPECT_EQ(status.operations[0].windows[0].failures, 0U) << status.name;
  }
  // A weekend expects nothing: the first one's word is good.
  query.range = {at("2026-11-07"), at("2026-11-09")};
  EXPECT_EQ(bars(query)->provenance.provider, "first");
  EXPECT_TRUE(bars(query)->bars->empty());
}

TEST_F(AnswersTest, NoBarsAreTheAnswerWhenAllSayIt) {
  follow_the_calendar();
  BarsQuery query = all(kAbc);
  query.range = {at("2016-11-07"), at("2016-11-12")};
  first_.answer = reply_of({});
  second_.answer = reply_of({});
  const auto nothing = bars(query);
  ASSERT_TRUE(nothing.has_value()) << nothing.error().detail();
  EXPECT_TRUE(nothing->bars->empty());
  EXPECT_FALSE(nothing->provenance.stale);
  EXPECT_EQ(nothing->provenance.provider, "first");
  // One of them failed: that might have known better.
  second_.answer = fail(ErrorCode::ProviderTimeout, "silence");
  clock_.advance(seconds{6});
  EXPECT_TRUE(bars(query)->provenance.stale);
  EXPECT_EQ(bars(query)->provenance.fallback_from.back().code, ErrorCode::ProviderTimeout);
}

TEST_F(AnswersTest, GapsInAVendorsBarsAreReported) {
  follow_the_calendar();
  auto whole = daily("2026-11-02", 5);
  BarColumns holed;
  for (const std::size_t i : {0U, 1U, 4U}) holed.append(whole, i, i + 1);
  first_.answer = reply_of(holed);
  ASSERT_TRUE(bars(all(kAbc)).has_value());
  const auto status = desk_.status("first");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->operations[0].windows[0].expected, 4U);
  EXPECT_EQ(status->operations[0].windows[0].missing, 2U);
}

TEST_F(AnswersTest, APushedQuoteIsNotTheLatestForever) {
  follow_the_calendar();
  Quote pushed;
  pushed.symbol = kAbc;
  pushed.as_of = kNow;
  pushed.last = 10;
  market().on_quote("second", pushed);
  QuoteAnswer known;
  EXPECT_TRUE(market().latest_quote(kAbc, known));
  clock_.advance(kStreamedGoodFor);
  EXPECT_FALSE(market().latest_quote(kAbc, known));
  // The vendor asked knows an older one only: the pushed one is still the newest.
  first_.last = 9;
  first_.quote_as_of = kNow - minutes{15};
  EXPECT_EQ(quote(kAbc)->quote.last, 10);
  clock_.advance(seconds{20});
  first_.last = 11;
  first_.quote_as_of = kNow + seconds{30};
  EXPECT_EQ(quote(kAbc)->quote.last, 11);
  EXPECT_EQ(quote(kAbc)->provenance.provider, "first");
  // Nobody answers: the newest that was known, and it says that it is old.
  first_.quotes_error = Error{ErrorCode::ProviderUnavailable, "gone"};
  clock_.advance(seconds{20});
  const auto last = quote(kAbc);
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->quote.last, 11);
  EXPECT_TRUE(last->provenance.stale);
}

TEST_F(AnswersTest, AfterTheCloseThePushedQuoteStaysTheLatest) {
  follow_the_calendar();
  clock_.advance(at("2026-11-20T20:59:58Z") - kNow);
  Quote pushed;
  pushed.symbol = kAbc;
  pushed.as_of = at("2026-11-20T21:00:00Z");
  pushed.last = 10;
  market().on_quote("first", pushed);
  QuoteAnswer known;
  clock_.advance(days{1});  // a Saturday
  EXPECT_TRUE(market().latest_quote(kAbc, known));
  clock_.advance(at("2026-11-23T14:31:00Z") - clock_.now());
  EXPECT_FALSE(market().latest_quote(kAbc, known));
}

TEST_F(AnswersTest, ManyQuotesAreFilledFromVendorToVendorAndFromTheStore) {
  first_.batch_max = 100;
  second_.batch_max = 100;
  first_.prices = {{kAbc, 1}};
  second_.prices = {{kXyz, 2}};
  const Symbol stored = *Symbol::parse("OLD");
  import(stored, daily("2026-11-01", 10, 3));
  const Symbol bitcoin = *Symbol::parse("BTC-USD");
  const auto answers = quotes({kXyz, kAbc, stored, kNew, bitcoin, kAbc});
  ASSERT_EQ(answers.size(), 6U);
  EXPECT_EQ(answers[0]->quote.last, 2);
  EXPECT_EQ(answers[0]->provenance.provider, "second");
  EXPECT_EQ(answers[1]->quote.last, 1);
  EXPECT_EQ(answers[1]->provenance.provider, "first");
  EXPECT_FALSE(answers[1]->provenance.stale);
  EXPECT_EQ(answers[2]->quote.last, 3);
  EXPECT_EQ(answers[2]->provenance.provider, "import");
  EXPECT_TRUE(answers[2]->provenance.stale);
  EXPECT_EQ(answers[3].error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(answers[4]->provenance.provider, "sim");
  EXPECT_EQ(answers[5]->quote.symbol, kAbc);
  // What was found, and what was not, is known now; one by one too.
  const int asked = first_.asked;
  EXPECT_EQ(quotes({kXyz, kAbc, kNew})[1]->quote.last, 1);
  EXPECT_EQ(quote(kAbc)->quote.last, 1);
  EXPECT_EQ(quote(kNew).error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(first_.asked, asked);
}

TEST_F(AnswersTest, ManyWhoAskForManyQuotesAreOneRequest) {
  keep_for(milliseconds{0});
  first_.batch_max = 100;
  first_.takes = milliseconds{1};
  first_.prices = {{kAbc, 1}, {kXyz, 2}};
  std::vector<net::Task<std::vector<Result<QuoteAnswer>>>> asked;
  for (int i = 0; i < 10; ++i) {
    asked.push_back(i % 2 == 0 ? market().quotes({kAbc, kXyz}, Call{})
                               : market().quotes({kXyz, kAbc}, Call{}));
  }
  const auto answers = together(std::move(asked));
  EXPECT_EQ(answers[0][0]->quote.last, 1);
  EXPECT_EQ(answers[1][0]->quote.last, 2);
  EXPECT_EQ(first_.asked, 1);
}

TEST_F(AnswersTest, TheErrorNamesThoseWhoWereNotAskedToo) {
  first_.answer = fail(ErrorCode::ProviderUnavailable, "gone");
  second_.answer = fail(ErrorCode::ProviderUnavailable, "gone");
  keep_for(milliseconds{0});
  // Until their circuits open.
  for (int i = 0; i < 12; ++i) static_cast<void>(bars(all(kAbc)));
  const auto refused = bars(all(kAbc));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::ProviderUnavailable);
  ASSERT_EQ(refused.error().fields().size(), 3U);
  EXPECT_EQ(refused.error().fields()[1].field, "first");
  EXPECT_EQ(refused.error().fields()[1].code, "circuit_open");
  EXPECT_EQ(refused.error().fields()[2].code, "circuit_open");
  // And what is stored says that it is old, although nobody failed just now.
  ASSERT_TRUE(database_->bars().write({kAbc, Interval::Day}, "first", daily("2026-11-01", 10)));
  clock_.advance(seconds{1});
  BarsQuery past = all(kAbc);
  past.range = {at("2026-11-02"), at("2026-11-05")};
  const auto stored = bars(past);
  ASSERT_TRUE(stored.has_value()) << stored.error().detail();
  EXPECT_TRUE(stored->provenance.stale);
  EXPECT_EQ(stored->provenance.as_of, at("2026-11-05"));
  EXPECT_EQ(stored->provenance.fallback_from.back().code, ErrorCode::CircuitOpen);
}

TEST_F(AnswersTest, ActionsComeFromWhoKnowsThemWithoutBars) {
  const std::vector<CorporateAction> splits{{CorporateAction::Kind::Split, at("2020-08-31"), 4}};
  first_.known_actions = fail(ErrorCode::NotEntitled, "plan");
  second_.known_actions = splits;
  const auto actions = testing::run_task(loop_, market().corporate_actions(kAbc, Call{}));
  ASSERT_TRUE(actions.has_value()) << actions.error().detail();
  EXPECT_EQ(*actions, splits);
  second_.known_actions = fail(ErrorCode::ProviderTimeout, "slow");
  const auto nobody = testing::run_task(loop_, market().corporate_actions(kAbc, Call{}));
  EXPECT_EQ(nobody.error().code(), ErrorCode::ProviderUnavailable);
  EXPECT_EQ(nobody.error().fields().size(), 3U);
  first_.known_actions.reset();  // then its bars bring them
  first_.answer = reply_of(daily("2026-11-01", 10));
  first_.answer->actions = splits;
  EXPECT_EQ(*testing::run_task(loop_, market().corporate_actions(kAbc, Call{})), splits);
}

TEST_F(AnswersTest, VendorsSearchesAddToTheSymbols) {
  import(kXyz, daily("2026-11-01", 10));
  first_.finds = std::vector<feed::SymbolInfo>{{kXyz, "Xylophones", "equity"},
                                               {kNew, "Xylem of New", "equity"}};
  second_.finds = fail(ErrorCode::ProviderQuota, "429");
  const auto list = [&](std::string query) {
    return *testing::run_task(loop_, market().symbols(std::move(query), 10, {}, Call{}));
  };
  const auto found = list("xy");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].symbol, kNew);
  EXPECT_EQ(found[0].source, "first");
  EXPECT_EQ(found[1].symbol, kXyz);
  EXPECT_TRUE(found[1].imported);
  EXPECT_EQ(found[1].name, "Xylophones");
  // The same letters again, in other cases, are not asked again; nor is who just failed.
  EXPECT_EQ(list("XY").size(), 2U);
  EXPECT_EQ(first_.searched, 1);
  EXPECT_EQ(list("xyl").size(), 2U);
  EXPECT_EQ(first_.searched, 2);
  EXPECT_EQ(second_.searched, 1);
  // Without a query nobody is bothered.
  EXPECT_EQ(list("").size(), 10U);
  EXPECT_EQ(first_.searched, 2);
}

TEST_F(AnswersTest, RawSplitAndAllAgreeWhoeverAnswers) {
  // AAPL's split of 2020-08-31, four for one, and a dividend after it.
  BarColumns raw;
  raw.push_back({at("2020-08-27"), 508.57, 509.94, 495.33, 500.04, 38'888'096});
  raw.push_back({at("2020-08-28"), 504.05, 505.77, 498.31, 499.23, 46'907'479});
  raw.push_back({at("2020-08-31"), 127.58, 131, 126, 129.04, 225'702'688});
  raw.push_back({at("2020-09-01"), 132.76, 134.8, 130.53, 134.18, 152'470'142});
  auto reply = reply_of(raw);
  reply.actions = {{CorporateAction::Kind::Split, at("2020-08-31"), 4},
                   {CorporateAction::Kind::Dividend, at("2020-11-06"), 0.205}};
  BarColumns later = raw;
  later.push_back({at("2020-11-05"), 117.95, 119.62, 116.87, 119.03, 126'387'100});
  later.push_back({at("2020-11-06"), 118.32, 119.2, 116.13, 118.69, 114'457'900});
  reply.bars = later;
  keep_for(milliseconds{0});
  const auto closes = [&](Adjustment adjustment) {
    BarsQuery query = all(kAbc);
    query.range = {at("2020-08-27"), at("2020-09-02")};
    query.adjustment = adjustment;
    auto answer = bars(query);
    return answer ? answer->bars->close : std::vector<double>{};
  };
  std::vector<std::vector<double>> told;
  for (const bool is_first : {true, false}) {
    first_.answer = is_first ? Result<feed::BarsReply>{reply}
                             : Result<feed::BarsReply>{fail(ErrorCode::NotEntitled, "plan")};
    second_.answer = reply;
    EXPECT_EQ(closes(Adjustment::Raw), raw.close);
    EXPECT_EQ(closes(Adjustment::Split),
              (std::vector<double>{500.04 / 4, 499.23 / 4, 129.04, 134.18}));
    const auto everything = closes(Adjustment::All);
    ASSERT_EQ(everything.size(), 4U);
    const double factor = 1 - 0.205 / 119.03;
    EXPECT_NEAR(everything[0], 500.04 / 4 * factor, 1e-9);
    EXPECT_NEAR(everything[3], 134.18 * factor, 1e-9);
    told.push_back(everything);
  }
  EXPECT_EQ(told[0], told[1]);
}

}  // namespace
}  // namespace ziggy::market
