#include "ziggy/market/import.hpp"
#include "stored.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "ziggy/domain/csv.hpp"
#include "ziggy/testing/reference_data.hpp"

namespace ziggy::market {
namespace {

namespace fs = std::filesystem;

class Import : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "ziggy-import-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    database_ = open_database(folder_);
  }
  void TearDown() override {
    database_.reset();
    fs::remove_all(folder_);
  }

  fs::path write(const std::string& name, std::string_view text) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << text;
    return path;
  }

  FileImport import(const fs::path& file, const ImportOptions& options = {}) {
    return import_file(file, options, *database_);
  }

  static ImportOptions lean_options(ImportOptions::Format format) {
    ImportOptions options;
    options.format = format;
    return options;
  }

  std::size_t stored(std::string_view symbol, Interval interval) {
    const auto coverage =
        database_->bars().coverage(store::BarKey{Symbol::parse(symbol).value(), interval});
    return coverage.value() ? (*coverage)->count : 0;
  }

  fs::path folder_;
  std::unique_ptr<store::Database> database_;
};

constexpr std::string_view kTwoDays =
    "Date,Open,High,Low,Close,Volume,Dividends\n2004-08-19,100,104.06,95.96,100.34,22351900,0\n"
    "2004-08-20,101.01,109.08,100.5,108.31,11428600,0.5\n";

TEST_F(Import, StoresBarsActionsAndTheSymbol) {
  const FileImport first = import(write("GOOG.csv", kTwoDays));
  ASSERT_EQ(first.state, FileImport::State::Stored) << first.error;
  EXPECT_EQ(first.symbol, *Symbol::parse("GOOG"));
  EXPECT_EQ(first.outcome, (store::WriteOutcome{.inserted = 2}));
  EXPECT_EQ(first.actions, 1);
  EXPECT_EQ(stored("GOOG", Interval::Day), 2);
  EXPECT_EQ(database_->actions().read(*Symbol::parse("GOOG"))->size(), 1);
  const auto row = database_->symbols().find(*Symbol::parse("GOOG")).value();
  ASSERT_TRUE(row.has_value());
  EXPECT_TRUE(row->imported);
  EXPECT_EQ(row->source, kImportSource);
}

TEST_F(Import, TheSameFileAgainChangesNothingAndAChangedOneReplaces) {
  const fs::path file = write("GOOG.csv", kTwoDays);
  (void)import(file);
  const FileImport again = import(file);
  EXPECT_EQ(again.outcome, (store::WriteOutcome{.unchanged = 2}));
  EXPECT_EQ(again.action_outcome, (store::WriteOutcome{.unchanged = 1}));
  std::string changed{kTwoDays};
  changed.replace(changed.find("108.31"), 6, "108.32");
  EXPECT_EQ(import(write("GOOG.csv", changed)).outcome,
            (store::WriteOutcome{.unchanged = 1, .replaced = 1}));
}

TEST_F(Import, ARefusedFileLeavesNothing) {
  const FileImport refused = import(
      write("BAD.csv", "Date,Open,High,Low,Close\n2004-08-19,1,2,1,1\n2004-08-20,1,2,1,9\n"));
  EXPECT_EQ(refused.state, FileImport::State::Refused);
  EXPECT_EQ(refused.error, (folder_ / "BAD.csv").string() +
                               " line 3, close_outside: close 9 is outside low 1 and high 2");
  EXPECT_EQ(refused.problem_count, 1);
  EXPECT_EQ(stored("BAD", Interval::Day), 0);
  EXPECT_FALSE(database_->symbols().find(*Symbol::parse("BAD"))->has_value());
}

TEST_F(Import, SaysWhatCannotBeRead) {
  EXPECT_EQ(import(folder_ / "none.csv").error,
            (folder_ / "none.csv").string() + ": No such file or directory");
  EXPECT_EQ(import(folder_).error, folder_.string() + ": not a regular file");
  const FileImport nameless = import(write("a name of many words.csv", kTwoDays));
  EXPECT_EQ(nameless.state, FileImport::State::Refused);
  EXPECT_NE(nameless.error.find("--symbol"), std::string::npos) << nameless.error;
}

TEST_F(Import, QuotesAreRefusedWithTheirLine) {
  const fs::path quotes =
      write("equity-minute/spy/20131008_quote.csv", "14400000,1,1,1,1,1,2,2,2,2,1\n");
  const FileImport refused = import(quotes, lean_options(ImportOptions::Format::Lean));
  EXPECT_EQ(refused.error,
            quotes.string() +
                " line 1: a quote file: bid and ask bars are not imported, only trade bars are");
  EXPECT_EQ(refused.problem_count, 1);
}

TEST_F(Import, OptionsAndTheNameGoBeforeTheSpacing) {
  const FileImport named = import(write("AAPL_1w.csv", kTwoDays));
  EXPECT_EQ(named.interval, Interval::Week);
  const FileImport told =
      import(folder_ / "AAPL_1w.csv",
             {ImportOptions::Format::Auto, *Symbol::parse("MSFT"), Interval::Month});
  EXPECT_EQ(told.symbol->view(), "MSFT");
  EXPECT_EQ(told.interval, Interval::Month);
}

TEST_F(Import, AGoodFileBesideABadOneIsStored) {
  const std::vector<fs::path> files = {write("BAD.csv", "x"), write("GOOD.csv", kTwoDays)};
  const auto imports = import_bars(files, {}, *database_);
  EXPECT_EQ(imports[0].state, FileImport::State::Refused);
  EXPECT_EQ(imports[1].state, FileImport::State::Stored);
}

TEST_F(Import, ReportsProgressUpToTheLastBar) {
  std::string text{kCsvHeader};
  BarColumns bars;
  for (int i = 0; i < 150'000; ++i) {
    bars.push_back({Timestamp{std::chrono::minutes{28'000'000 + i}}, 1, 1, 1, 1, 1});
  }
  append_csv_bars(text, bars, 0, bars.size(), Interval::Minute);
  std::vector<std::size_t> heard;
  const FileImport done =
      import_file(write("LONG.csv", text), {}, *database_, [&](const ImportProgress& progress) {
        heard.push_back(progress.stored);
        EXPECT_EQ(progress.total, 150'000);
        EXPECT_LE(progress.stored, stored("LONG", Interval::Minute));
      });
  ASSERT_EQ(done.state, FileImport::State::Stored) << done.error;
  EXPECT_GT(heard.size(), 1);
  EXPECT_TRUE(std::ranges::is_sorted(heard));
  EXPECT_EQ(heard.back(), 150'000);
}

TEST_F(Import, LeanFilesFindTheirCompanyInTheFoldersAbove) {
  write("data/map_files/fb.csv", "20120518,fb,Q\n20501231,fb,Q\n");
  write("data/factor_files/fb.csv", "20120518,1,0.5,1\n20120518,1,0.5,38.37\n20501231,1,1,0\n");
  const fs::path file = write("data/equity/usa/daily/fb.csv",
                              "20030328 00:00,100000,100000,100000,100000,5\n20120518 "
                              "00:00,420500,450000,380000,383700,7\n");
  const FileImport broken = import(file, lean_options(ImportOptions::Format::Lean));
  EXPECT_NE(broken.error.find("factor_files/fb.csv: line 2"), std::string::npos) << broken.error;
  write("data/factor_files/fb.csv", "20120517,1,0.5,1\n20120518,1,0.5,38.37\n20501231,1,1,0\n");
  for (const auto format : {ImportOptions::Format::Lean, ImportOptions::Format::Auto}) {
    const FileImport done = import(file, lean_options(format));
    ASSERT_EQ(done.state, FileImport::State::Stored) << done.error;
    EXPECT_EQ(done.symbol->view(), "FB");
    EXPECT_EQ(done.bars, 1);
    EXPECT_EQ(done.rows_foreign, 1);
    EXPECT_EQ(done.actions, 1);
  }
}

TEST_F(Import, AdjustedPricesOfASymbolWithKnownSplitsAreNoted) {
  const auto import_as_spy = [&](const std::string& name, std::string_view text) {
    return import(write(name, text),
                  {ImportOptions::Format::Auto, *Symbol::parse("SPY"), Interval::Day});
  };
  const FileImport raw = import_as_spy(
      "RAW.csv",
      "Date,Open,High,Low,Close,Split Ratio\n2024-01-02,8,8,8,8,1\n2024-01-03,2,2,2,2,4\n");
  EXPECT_EQ(raw.state, FileImport::State::Stored) << raw.error;
  EXPECT_TRUE(raw.notes.empty());
  const FileImport adjusted = import_as_spy(
      "ADJUSTED.csv", "Date,Open,High,Low,Close\n2024-01-02,2,2,2,2\n2024-01-03,2,2,2,2\n");
  EXPECT_EQ(adjusted.state, FileImport::State::Stored);
  EXPECT_EQ(adjusted.notes.size(), 1);
  // The store's split explains the step of a file that does not name it.
  EXPECT_TRUE(import_as_spy("BARE.csv",
                            "Date,Open,High,Low,Close\n2024-01-02,8,8,8,8\n2024-01-03,2,2,2,2\n")
                  .notes.empty());
}

TEST_F(Import, AFileIsHeldAgainstTheStoredBarsBesideIt) {
  const auto take = [&](std::string_view rows,
                        std::string_view header = "Date,Open,High,Low,Close") {
    return import(write("SPY_1d.csv", fmt::format("{}\n{}", header, rows)));
  };
  ASSERT_EQ(take("2024-01-03,8,8,8,8\n2024-01-04,8,8,8,8\n").state, FileImport::State::Stored);
  const FileImport later = take("2024-01-08,2,2,2,2\n2024-01-09,2,2,2,2\n");
  EXPECT_EQ(later.state, FileImport::State::Refused);
  ASSERT_EQ(later.problems.size(), 1);
  EXPECT_EQ(describe(later.problems[0]),
            "line 2, unexplained_jump: close 2 is 4 times below the stored one before it, 8 of "
            "2024-01-04T00:00:00Z, and no split explains it");
  const FileImport earlier = take("2023-12-28,2,2,2,2\n2023-12-29,2,2,2,2\n");
  ASSERT_EQ(earlier.problems.size(), 1);
  EXPECT_EQ(earlier.problems[0].line, 3);
  EXPECT_NE(earlier.error.find("after it, 8 of 2024-01-03"), std::string::npos) << earlier.error;
  EXPECT_EQ(stored("SPY", Interval::Day), 2);
  // The split of its first row explains the step from the stored close.
  const FileImport split =
      take("2024-01-08,2,2,2,2,4\n2024-01-09,2,2,2,2,1\n", "Date,Open,High,Low,Close,Split Ratio");
  EXPECT_EQ(split.state, FileImport::State::Stored) << split.error;
  EXPECT_EQ(split.action_outcome, (store::WriteOutcome{.inserted = 1}));
  EXPECT_TRUE(split.notes.empty());
}

TEST_F(Import, ASplitOfTheFirstRowThatTheStoredCloseRefutesIsNotKept) {
  (void)import(write("SPY_1d.csv", "Date,Open,High,Low,Close\n2024-01-04,8,8,8,8\n"));
  const FileImport flat =
      import(write("SPY_1d.csv",
                   "Date,Open,High,Low,Close,Split Ratio\n2024-01-08,8,8,8,8,4\n"
                   "2024-01-09,8,8,8,8,1\n"));
  EXPECT_EQ(flat.state, FileImport::State::Stored) << flat.error;
  EXPECT_EQ(flat.actions, 0);
  ASSERT_EQ(flat.notes.size(), 1);
  EXPECT_NE(flat.notes[0].find("2024-01-04"), std::string::npos) << flat.notes[0];
  EXPECT_TRUE(database_->actions().read(*Symbol::parse("SPY"))->empty());
}

TEST_F(Import, ARefusedFileDoesNotTellWhatWouldNotHaveBeenKept) {
  const FileImport refused =
      import(write("SPY_1d.csv",
                   "Date,Open,High,Low,Close,Split Ratio\n2024-01-02,1,1,1,1,1\n"
                   "2024-01-03,9,9,9,9,5\n"));
  EXPECT_EQ(refused.state, FileImport::State::Refused);
  EXPECT_TRUE(refused.notes.empty());
}

TEST_F(Import, AFileIsReadWithoutAStore) {
  const auto read = read_bar_file(write("GOOG.csv", kTwoDays));
  ASSERT_TRUE(read.has_value()) << read.error().detail();
  EXPECT_EQ(read->content.bars.size(), 2);
  EXPECT_FALSE(read_bar_file(write("BAD.csv", "x")).has_value());
}

TEST_F(Import, EveryReferenceFileOfFlagsIsRefusedAndItsTwinIsNot) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const fs::path folder = testing::reference_data() / "ohlcv/yfinance-repair";
  for (const std::string name :
       {"4063-T-1d-bad-stock-split", "ALPHA-PA-1d-bad-stock-split", "AET-L-1d-100x-error"}) {
    EXPECT_EQ(import(folder / (name + ".csv")).state, FileImport::State::Refused) << name;
    const FileImport fixed = import(folder / (name + "-fixed.csv"));
    EXPECT_EQ(fixed.state, FileImport::State::Stored) << fixed.error;
    EXPECT_EQ(import(folder / (name + ".csv")).state, FileImport::State::Refused) << name;
  }
}

}  // namespace
}  // namespace ziggy::market
