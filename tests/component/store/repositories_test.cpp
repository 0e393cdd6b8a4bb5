#include "stores.hpp"

namespace ziggy::store {
namespace {

using namespace std::chrono_literals;

class Repositories : public StoreTest {
 protected:
  [[nodiscard]] SymbolStore& symbols() { return database().symbols(); }
  [[nodiscard]] ActionStore& actions() { return database().actions(); }
  [[nodiscard]] SampleStore& samples() { return database().samples(); }
  [[nodiscard]] std::vector<std::string> found(std::string_view query, std::size_t limit = 10) {
    std::vector<std::string> names;
    for (const SymbolRow& row : *symbols().search(query, limit)) {
      names.emplace_back(row.symbol.view());
    }
    return names;
  }
};
ZIGGY_ON_BOTH_ENGINES(Repositories);

Symbol symbol_of(const char* text) { return *Symbol::parse(text); }
SymbolRow named_row(const char* symbol, std::string name) {
  SymbolRow row;
  row.symbol = symbol_of(symbol);
  row.name = std::move(name);
  return row;
}
Timestamp date(const char* text) { return *parse_rfc3339(text); }

TEST_P(Repositories, ASymbolIsCompletedAndStaysImported) {
  const SymbolRow bare{symbol_of("SPX"), "", AssetClass::Unknown, "file", true};
  ASSERT_TRUE(symbols().upsert(bare));
  const SymbolRow named{symbol_of("SPX"), "S&P 500 – 'Börse'", AssetClass::Index, "", false};
  ASSERT_TRUE(symbols().upsert(named));
  reopen();
  const auto row = symbols().find(symbol_of("SPX"));
  ASSERT_TRUE(row) << row.error().detail();
  EXPECT_EQ(*row,
            (SymbolRow{symbol_of("SPX"), "S&P 500 – 'Börse'", AssetClass::Index, "file", true}));
  EXPECT_FALSE(symbols().find(symbol_of("NONE"))->has_value());
  EXPECT_FALSE(symbols().upsert(named_row("SPX", "a\nb")));
  EXPECT_FALSE(symbols().upsert(named_row("SPX", std::string("a\0b", 3))));
}

TEST_P(Repositories, SymbolsAreFoundByPrefixThenByName) {
  for (const auto& [symbol, name] : {std::pair{"GOOG", "Alphabet Inc."},
                                     {"GOOGL", "Alphabet Inc. A"},
                                     {"GLD", "Gold (a goo_d one)"},
                                     {"AGO", "Assured 100% Guaranty"},
                                     {"BTC-USD", "Bitcoin"}}) {
    ASSERT_TRUE(symbols().upsert(named_row(symbol, name)));
  }
  EXPECT_EQ(found("go"), (std::vector<std::string>{"GOOG", "GOOGL", "AGO", "GLD"}));
  EXPECT_EQ(found("GO", 2), (std::vector<std::string>{"GOOG", "GOOGL"}));
  EXPECT_EQ(found("ALPHABET inc. a"), (std::vector<std::string>{"GOOGL"}));
  EXPECT_EQ(found("0%"), (std::vector<std::string>{"AGO"}));
  EXPECT_EQ(found("o_d"), (std::vector<std::string>{"GLD"}));
  EXPECT_EQ(found("' OR 1=1 --"), (std::vector<std::string>{}));
  EXPECT_EQ(found(""), (std::vector<std::string>{"AGO", "BTC-USD", "GLD", "GOOG", "GOOGL"}));
  EXPECT_EQ(found("x!"), (std::vector<std::string>{}));
}

TEST_P(Repositories, WritingBarsMakesTheSymbol) {
  ASSERT_TRUE(bars().write(key_of("BTC-USD"), "sim", some_bars(1)));
  const auto row = symbols().find(symbol_of("BTC-USD"));
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->asset_class, AssetClass::Crypto);
  EXPECT_FALSE((*row)->imported);
}

TEST_P(Repositories, ActionsOfADayAreOneAndTheNewestWins) {
  using Kind = CorporateAction::Kind;
  const Symbol aapl = symbol_of("AAPL");
  const std::vector<CorporateAction> said{{Kind::Dividend, date("2020-08-07"), 0.82},
                                          {Kind::Split, date("2020-08-31"), 2.0},
                                          {Kind::Split, date("2020-08-31"), 2.0},
                                          {Kind::Dividend, date("2020-08-31"), 0.25},
                                          {Kind::Dividend, date("2020-08-31"), 0.5}};
  const auto first = actions().write(aapl, "yahoo", said);
  ASSERT_TRUE(first) << first.error().detail();
  EXPECT_EQ(*first, (WriteOutcome{.inserted = 3}));
  EXPECT_EQ(*actions().write(aapl, "polygon", said), (WriteOutcome{.unchanged = 3}));
  const std::vector<CorporateAction> corrected{{Kind::Dividend, date("2020-08-07"), 0.205}};
  EXPECT_EQ(*actions().write(aapl, "polygon", corrected), (WriteOutcome{.replaced = 1}));
  EXPECT_EQ(*actions().read(aapl),
            (std::vector<CorporateAction>{{Kind::Dividend, date("2020-08-07"), 0.205},
                                          {Kind::Split, date("2020-08-31"), 4.0},
                                          {Kind::Dividend, date("2020-08-31"), 0.75}}));
  EXPECT_TRUE(actions().read(symbol_of("MSFT"))->empty());
  for (const CorporateAction& wrong :
       {CorporateAction{Kind::Split, date("2020-08-31"), 0.0},
        CorporateAction{Kind::Split, date("2020-08-31"), -1.0},
        CorporateAction{Kind::Split, date("2020-08-31T09:30:00Z"), 2.0}}) {
    EXPECT_EQ(actions().write(aapl, "yahoo", {&wrong, 1}).error().code(),
              ErrorCode::ValidationFailed);
  }
}

Incident incident(int number, Timestamp at) {
  Incident made;
  made.id = fmt::format("0190a000-0000-7000-8000-{:012}", number);
  made.provider = "polygon";
  made.operation = number % 2 == 0 ? "bars" : "quotes";
  made.kind = "breaker_open";
  made.severity = Incident::Severity::Critical;
  made.opened_at = at;
  made.reason = "5 time-outs in a row";
  return made;
}

TEST_P(Repositories, AnIncidentOfAKindIsOpenOnce) {
  IncidentStore& incidents = database().incidents();
  const Timestamp noon = *parse_rfc3339("2024-03-05T12:00:00Z");
  EXPECT_EQ(incidents.open(incident(1, noon)), true);
  EXPECT_EQ(incidents.open(incident(3, noon + 1s)), false);
  EXPECT_EQ(incidents.open(incident(2, noon + 2s)), true);
  EXPECT_EQ(*incidents.open_ones(), (std::vector{incident(1, noon), incident(2, noon + 2s)}));
  EXPECT_EQ(incidents.close(incident(1, noon).id, noon + 1min, "it answers again"), true);
  EXPECT_EQ(incidents.close(incident(1, noon).id, noon + 2min, "again"), false);
  EXPECT_EQ(incidents.open(incident(3, noon + 2s)), true);
  Incident closed = incident(1, noon);
  closed.closed_at = noon + 1min;
  closed.closing = "it answers again";
  const auto all = *incidents.list(10);
  EXPECT_EQ(all, (std::vector{incident(3, noon + 2s), incident(2, noon + 2s), closed}));
  EXPECT_EQ(*incidents.list(10, all[1].id), (std::vector{closed}));
  EXPECT_EQ(incidents.list(1)->size(), 1U);
  EXPECT_EQ(*incidents.remove_before(noon + 1h), 1U) << "open ones stay";
}

TEST_P(Repositories, PinsAreOneAnOperation) {
  IncidentStore& incidents = database().incidents();
  const Timestamp noon = *parse_rfc3339("2024-03-05T12:00:00Z");
  ASSERT_TRUE(incidents.pin({"quotes", "polygon", noon}));
  ASSERT_TRUE(incidents.pin({"quotes", "yahoo", noon + 1s}));
  EXPECT_EQ(*incidents.pins(), (std::vector{ProviderPin{"quotes", "yahoo", noon + 1s}}));
  EXPECT_EQ(incidents.unpin("quotes"), true);
  EXPECT_EQ(incidents.unpin("quotes"), false);
}

TEST_P(Repositories, QuarantineKeepsTheNewest) {
  QualityStore& quality = database().quality();
  const Timestamp noon = *parse_rfc3339("2024-03-05T12:00:00Z");
  std::vector<Quarantined> rows;
  for (int i = 0; i < 5; ++i) {
    rows.push_back({fmt::format("0190a000-0000-7000-8000-{:012}", i), noon + i * 1s, "yahoo",
                    "bars", *Symbol::parse("AAPL"), Interval::Minute5, "high_below_low", 2,
                    "high 1 is below low 2", R"({"h":1})", "corr-1"});
  }
  rows[3].interval.reset();
  ASSERT_TRUE(quality.quarantine(rows));
  EXPECT_EQ(*quality.quarantined(2), (std::vector{rows[4], rows[3]}));
  EXPECT_EQ(*quality.quarantined(2, rows[3].id), (std::vector{rows[2], rows[1]}));
  EXPECT_EQ(*quality.keep_quarantined(2), 3U);
  EXPECT_EQ(quality.quarantined(10)->size(), 2U);
  rows[0].row_count = 0;
  EXPECT_EQ(quality.quarantine(rows).error().code(), ErrorCode::ValidationFailed);
}

TEST_P(Repositories, GapsAreJournaled) {
  QualityStore& quality = database().quality();
  const Symbol apple = *Symbol::parse("AAPL");
  const Timestamp day = *parse_rfc3339("2024-03-05T00:00:00Z");
  BarGap gap{apple, Interval::Day, {day, day + 24h}, GapState::Open, day, day, 0, {}, day};
  BarGap later = gap;
  later.range = {day + 48h, day + 72h};
  later.next_try_at = day + 1h;
  ASSERT_TRUE(quality.write_gaps(std::vector{later, gap}));
  auto open = *quality.due_gaps(day + 2h, 10);
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[0].range.start, day) << "the longest due first";
  EXPECT_EQ(quality.due_gaps(day + 59min, 10)->size(), 1U);
  gap.state = GapState::NoTrades;
  gap.attempts = 1;
  gap.said_by = "yahoo";
  ASSERT_TRUE(quality.write_gaps({&gap, 1}));
  const auto all = *quality.gaps(apple);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].state, GapState::NoTrades);
  EXPECT_EQ(all[0].said_by, "yahoo");
  ASSERT_TRUE(quality.replace_gaps(apple, Interval::Day, {day, day + 48h}, {}));
  EXPECT_EQ(quality.gaps(apple)->size(), 1U);
  EXPECT_EQ(quality.due_gaps(day + 2h, 10)->size(), 1U);
  gap.range.end = gap.range.start;
  EXPECT_EQ(quality.write_gaps({&gap, 1}).error().code(), ErrorCode::ValidationFailed);
}

TEST_P(Repositories, SamplesAreOneAMinute) {
  const Timestamp noon = date("2026-01-05T12:00:00Z");
  ProviderSample quotes{"alpaca", "quotes", noon, 60, 2, 1, 12.5, 80.25, 200, 350.0, {}, {}};
  quotes.outcomes = "success:58,timeout:2";
  quotes.latency = "12:30,40:30";
  quotes.agreed = 9;
  quotes.disagreed = 1;
  quotes.expected = 390;
  quotes.missing = 3;
  ProviderSample later{"alpaca", "quotes", noon + 1min, 10, 0, 0, 1, 2, 3, {}, {}, {}};
  ProviderSample other{"yahoo", "bars", noon, 5, 5, 0, 1, 2, 3, {}, {}, {}};
  ASSERT_TRUE(samples().write(std::vector{quotes, later, other}));
  quotes.calls = 61;
  ASSERT_TRUE(samples().write({&quotes, 1}));
  EXPECT_EQ(*samples().read("alpaca", kAllTime), (std::vector{quotes, later}));
  EXPECT_EQ(*samples().read("", {noon, noon + 1min}), (std::vector{quotes, other}));
  ProviderSample wrong = quotes;
  wrong.failures = 62;
  EXPECT_EQ(samples().write({&wrong, 1}).error().code(), ErrorCode::ValidationFailed);
  wrong = quotes;
  wrong.minute += 1s;
  EXPECT_EQ(samples().write({&wrong, 1}).error().code(), ErrorCode::ValidationFailed);
  wrong = quotes;
  wrong.latency = "12:30; DROP";
  EXPECT_EQ(samples().write({&wrong, 1}).error().code(), ErrorCode::ValidationFailed);
  wrong = quotes;
  wrong.missing = 391;
  EXPECT_EQ(samples().write({&wrong, 1}).error().code(), ErrorCode::ValidationFailed);
  EXPECT_EQ(*samples().remove_before(noon + 1min), 2U);
  EXPECT_EQ(*samples().read("", kAllTime), (std::vector{later}));
}

}  // namespace
}  // namespace ziggy::store
