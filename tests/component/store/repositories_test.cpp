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

TEST_P(Repositories, SamplesAreOneAMinute) {
  const Timestamp noon = date("2026-01-05T12:00:00Z");
  ProviderSample quotes{"alpaca", "quotes", noon, 60, 2, 1, 12.5, 80.25, 200, 350.0};
  const ProviderSample later{"alpaca", "quotes", noon + 1min, 10, 0, 0, 1, 2, 3, std::nullopt};
  const ProviderSample other{"yahoo", "bars", noon, 5, 5, 0, 1, 2, 3, std::nullopt};
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
  EXPECT_EQ(*samples().remove_before(noon + 1min), 2U);
  EXPECT_EQ(*samples().read("", kAllTime), (std::vector{later}));
}

}  // namespace
}  // namespace ziggy::store
