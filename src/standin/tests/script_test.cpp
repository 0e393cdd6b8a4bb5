#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "board.hpp"
#include "ziggy/standin/faults.hpp"

namespace ziggy::standin {
namespace {

using std::chrono::milliseconds;

std::string error_of(std::string_view text) {
  const auto script = FaultScript::parse(text, "chaos.json");
  return script ? "" : script.error().detail();
}

TEST(Script, ReadsEveryField) {
  const auto script = FaultScript::parse(
      R"({"speed":2.5,"comment":"a day","steps":[
        {"at":"1m","for":"250ms","every":30,"vendor":"alpaca","route":"quotes","fault":"status",
         "status":429,"retry_after":7,"rate":0.25},
        {"at":0,"vendor":"*","fault":"delay","ms":300},
        {"at":"2h","fault":"trickle","bytes_per_second":5,"comment":"slow"},
        {"at":"1.5s","fault":"stale"}]})",
      "chaos.json");
  ASSERT_TRUE(script.has_value()) << script.error().detail();
  EXPECT_EQ(script->speed, 2.5);
  ASSERT_EQ(script->steps.size(), 4U);
  const FaultStep& first = script->steps[0];
  EXPECT_EQ(first.at, milliseconds{60'000});
  EXPECT_EQ(first.lasts, milliseconds{250});
  EXPECT_EQ(first.every, milliseconds{30'000});
  EXPECT_EQ(first.vendor, Vendor::Alpaca);
  EXPECT_EQ(first.route, Route::Quotes);
  EXPECT_EQ(first.kind, FaultKind::Status);
  EXPECT_EQ(first.status, 429);
  EXPECT_EQ(first.retry_after, std::chrono::seconds{7});
  EXPECT_EQ(first.rate, 0.25);
  EXPECT_EQ(first.describe(), "alpaca quotes: status 429, 0.25 of all");
  EXPECT_EQ(script->steps[1].vendor, std::nullopt);
  EXPECT_EQ(script->steps[1].route, std::nullopt);
  EXPECT_EQ(script->steps[1].amount, milliseconds{300});
  EXPECT_EQ(script->steps[2].at, milliseconds{7'200'000});
  EXPECT_EQ(script->steps[2].bytes_per_second, 5U);
  EXPECT_EQ(script->steps[3].at, milliseconds{1'500});
  EXPECT_EQ(script->steps[3].amount, milliseconds{3'600'000}) << "stale is an hour unless said";
}

TEST(Script, NamesTheLineThatIsNoJson) {
  EXPECT_THAT(error_of("{\"steps\":[\n  {\"at\":0,\n   fault:\"hang\"}]}"),
              ::testing::StartsWith("chaos.json: line 3: no JSON: "));
  EXPECT_THAT(error_of("{\"steps\":[]}\n\nx"), ::testing::StartsWith("chaos.json: line 3: "));
  EXPECT_THAT(error_of("{\"steps\":[\n"), ::testing::StartsWith("chaos.json: line 2: "));
  EXPECT_THAT(error_of(""), ::testing::StartsWith("chaos.json: line 1: "));
  EXPECT_THAT(error_of(std::string(100, '[')), ::testing::StartsWith("chaos.json: line 1: "));
}

TEST(Script, NamesTheStepAndTheField) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"fault":"hang"})", "at is missing"},
      {R"({"at":"soon","fault":"hang"})", "at must be a time like"},
      {R"({"at":-1,"fault":"hang"})", "at must be a time like"},
      {R"({"at":"10","fault":"hang"})", "at must be a time like"},
      {R"({"at":0})", "fault is missing"},
      {R"({"at":0,"fault":"slow"})", "fault must be one of delay, hang,"},
      {R"({"at":0,"fault":"delay"})", "ms is needed by delay"},
      {R"({"at":0,"fault":"hang","vendor":"bloomberg"})",
       "vendor must be one of *, yahoo, polygon, alpaca"},
      {R"({"at":0,"fault":"hang","route":7})", "route must be one of *, bars,"},
      {R"({"at":0,"fault":"status","status":99})", "status must be a whole number from 100 to 599"},
      {R"({"at":0,"fault":"status","status":429.5})", "status must be a whole number"},
      {R"({"at":0,"fault":"hang","rate":0})", "rate must be a number above 0 and up to 1"},
      {R"({"at":0,"fault":"hang","rate":2})", "rate must be a number above 0 and up to 1"},
      {R"({"at":0,"fault":"hang","every":10})", "for is needed with 'every'"},
      {R"({"at":0,"fault":"hang","every":10,"for":10})", "every must be longer than 'for'"},
      {R"({"at":0,"fault":"hang","vendr":"yahoo"})",
       "'vendr' is no field of a step; do you mean vendor?"},
      {R"(7)", "must be a JSON object"},
  };
  for (const auto& [step, message] : cases) {
    const std::string text = fmt::format(R"({{"steps":[{{"at":0,"fault":"html"}},{}]}})", step);
    EXPECT_THAT(error_of(text), ::testing::StartsWith("chaos.json: step 2: " + message)) << step;
  }
  EXPECT_EQ(error_of("[]"), "chaos.json: must be one JSON object");
  EXPECT_EQ(error_of("{}"), "chaos.json: steps must be a list");
  EXPECT_THAT(error_of(R"({"steps":[],"stesp":1})"),
              ::testing::HasSubstr("'stesp' is not known here"));
  EXPECT_THAT(error_of(R"({"steps":[],"speed":0})"),
              ::testing::HasSubstr("speed must be a number above 0"));
}

TEST(Script, AnswersInOneLine) {
  EXPECT_THAT(error_of("{\"steps\":[{\"at\":0,\"fault\":\"hang\",\"a\\nb\":1}]}"),
              ::testing::HasSubstr("step 1: 'a\\nb' is no field"));
  EXPECT_THAT(error_of("{\"steps\":[],\"a\\nb\":1}"), ::testing::HasSubstr("'a\\nb' is not known"));
}

TEST(Script, IsBounded) {
  std::string many = R"({"steps":[{"at":0,"fault":"hang"})";
  for (std::size_t i = 0; i < FaultScript::kStepsMax; ++i) many += R"(,{"at":0,"fault":"hang"})";
  EXPECT_THAT(error_of(many + "]}"), ::testing::HasSubstr("more than 1000 steps"));
  EXPECT_THAT(error_of(std::string(FaultScript::kBytesMax + 1, ' ')),
              ::testing::HasSubstr("larger than"));
}

FaultStep step(FaultKind kind, milliseconds at, milliseconds lasts, milliseconds every = {}) {
  FaultStep out;
  out.kind = kind;
  out.at = at;
  out.lasts = lasts;
  out.every = every;
  return out;
}

constexpr milliseconds s(int seconds) { return milliseconds{seconds * 1'000}; }

TEST(Board, StepsBeginEndAndComeAgain) {
  FaultBoard board;
  const Monotonic start{std::chrono::seconds{100}};
  FaultScript script{
      .steps = {step(FaultKind::Hang, s(10), s(5)), step(FaultKind::Html, s(20), s(2), s(10))}};
  script.steps[0].vendor = Vendor::Yahoo;
  script.steps[0].route = Route::Bars;
  ASSERT_TRUE(board.run(script, start).has_value());
  const auto kind = [&](int second, Vendor vendor = Vendor::Yahoo, Route route = Route::Bars) {
    const Effects effects = board.pick(vendor, route, start + s(second));
    return effects.wire ? std::optional{effects.wire->kind} : std::nullopt;
  };
  EXPECT_EQ(kind(9), std::nullopt);
  EXPECT_EQ(kind(10), FaultKind::Hang);
  EXPECT_EQ(kind(10, Vendor::Polygon), std::nullopt);
  EXPECT_EQ(kind(10, Vendor::Yahoo, Route::Quotes), std::nullopt);
  EXPECT_EQ(kind(15), std::nullopt);
  for (const int turn : {20, 30, 100}) {
    EXPECT_EQ(kind(turn), FaultKind::Html);
    EXPECT_EQ(kind(turn + 1, Vendor::Alpaca, Route::Stream), FaultKind::Html);
    EXPECT_EQ(kind(turn + 2), std::nullopt);
  }
  board.clear();
  EXPECT_EQ(kind(20), std::nullopt);
}

TEST(Board, SpeedIsTheScriptsOwn) {
  FaultBoard board;
  const Monotonic start{std::chrono::seconds{100}};
  ASSERT_TRUE(
      board.run({.speed = 10, .steps = {step(FaultKind::Hang, s(10), s(10))}}, start).has_value());
  EXPECT_FALSE(board.pick(Vendor::Yahoo, Route::Bars, start + milliseconds{900}).wire);
  EXPECT_TRUE(board.pick(Vendor::Yahoo, Route::Bars, start + milliseconds{1'100}).wire);
  EXPECT_FALSE(board.pick(Vendor::Yahoo, Route::Bars, start + milliseconds{2'100}).wire);
}

TEST(Board, DelaysAddUpAndDataFaultsCombine) {
  FaultBoard board;
  FaultScript script{
      .steps = {step(FaultKind::Delay, s(0), s(9)), step(FaultKind::Delay, s(0), s(9)),
                step(FaultKind::Duplicate, s(0), s(9)), step(FaultKind::Stale, s(0), s(9)),
                step(FaultKind::Reset, s(0), s(9)), step(FaultKind::Html, s(0), s(9))}};
  script.steps[0].amount = milliseconds{30};
  script.steps[1].amount = milliseconds{12};
  script.steps[3].amount = milliseconds{700};
  const Monotonic start{};
  ASSERT_TRUE(board.run(script, start).has_value());
  const Effects effects = board.pick(Vendor::Polygon, Route::Quotes, start);
  EXPECT_EQ(effects.delay, milliseconds{42});
  EXPECT_TRUE(effects.data.is_duplicated);
  EXPECT_FALSE(effects.data.is_negative);
  EXPECT_EQ(effects.data.age, milliseconds{700});
  ASSERT_TRUE(effects.wire.has_value());
  EXPECT_EQ(effects.wire->kind, FaultKind::Reset) << "the first of the script";
}

TEST(Board, RateIsAShare) {
  FaultBoard board;
  FaultScript script{.steps = {step(FaultKind::Hang, s(0), s(9))}};
  script.steps[0].rate = 0.25;
  ASSERT_TRUE(board.run(script, Monotonic{}).has_value());
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (board.pick(Vendor::Yahoo, Route::Bars, Monotonic{}).wire) ++hits;
  }
  // Binomial, n = 10 000, p = 0.25: five standard deviations are 217.
  EXPECT_NEAR(hits, 2'500, 217);
}

TEST(Board, TellsEachChangeOnce) {
  FaultBoard board;
  ASSERT_TRUE(board
                  .run({.steps = {step(FaultKind::Hang, s(1), s(2)),
                                  step(FaultKind::Drop, s(0), s(0), s(5))}},
                       Monotonic{})
                  .has_value());
  std::vector<std::string> told;
  for (int ms = 0; ms <= 12'000; ms += 20) {
    for (const FaultChange& change : board.changes(Monotonic{milliseconds{ms}})) {
      told.push_back(
          fmt::format("{} {} {}", ms, change.is_begin ? "+" : "-", fault_name(change.step.kind)));
    }
  }
  EXPECT_THAT(told, ::testing::ElementsAre("0 + drop", "1000 + hang", "3000 - hang", "5000 + drop",
                                           "10000 + drop"));
}

TEST(Board, TakesSoManyScriptsOnly) {
  FaultBoard board;
  for (std::size_t i = 0; i < FaultBoard::kScriptsMax; ++i)
    ASSERT_TRUE(board.run({}, Monotonic{}).has_value());
  const auto more = board.run({}, Monotonic{});
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().code(), ErrorCode::Conflict);
}

}  // namespace
}  // namespace ziggy::standin
