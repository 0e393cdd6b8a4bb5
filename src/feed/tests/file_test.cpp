#include "ziggy/feed/file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "ziggy/testing/run_task.hpp"

namespace ziggy::feed {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDaily =
    "Date,Open,High,Low,Close,Volume\n"
    "2020-01-02,10,12,9,11,100\n"
    "2020-01-03,11,13,10,12,200\n"
    "2020-01-06,12,14,11,13,300\n";

class File : public ::testing::Test {
 protected:
  File() { fs::create_directories(folder_ / "sample"); }
  ~File() override { fs::remove_all(folder_); }

  void write(const fs::path& name, std::string_view text) {
    std::ofstream{folder_ / name, std::ios::binary} << text;
  }
  Result<BarsReply> bars(std::string_view symbol, Interval interval = Interval::Day,
                         TimeRange range = {kNoStart, Timestamp::max()}, std::size_t limit = 100) {
    return testing::run_task(provider_.bars()->bars(
        {.symbol = *Symbol::parse(symbol), .interval = interval, .range = range, .limit = limit},
        Call{}));
  }

  static fs::path make_path() {
    static std::atomic<int> next{0};
    return fs::temp_directory_path() / fmt::format("ziggy-file-{}-{}", ::getpid(), ++next);
  }

  fs::path folder_ = make_path();
  net::BlockingPool pool_{1, 16};
  FileProvider provider_{{.folders = {folder_, folder_ / "sample"}}, pool_};
};

TEST_F(File, ReadsTheSymbolsFile) {
  write("ABC.csv", kDaily);
  const auto reply = bars("abc");
  ASSERT_TRUE(reply.has_value()) << reply.error().detail();
  ASSERT_EQ(reply->bars.size(), 3U);
  EXPECT_EQ(reply->bars.close, (std::vector<double>{11, 12, 13}));
  EXPECT_EQ(reply->as_of, *parse_rfc3339("2020-01-06"));
}

TEST_F(File, LaterFoldersStandBehindEarlierOnes) {
  write("sample/SPX.csv", kDaily);
  EXPECT_EQ(bars("SPX")->bars.size(), 3U);
  write("SPX.csv", "Date,Open,High,Low,Close\n2021-01-04,1,2,1,2\n2021-01-05,1,2,1,2\n");
  EXPECT_EQ(bars("SPX")->bars.size(), 2U);
}

TEST_F(File, KeepsToRangeAndLimit) {
  write("ABC.csv", kDaily);
  const Timestamp second = *parse_rfc3339("2020-01-03");
  const Timestamp third = *parse_rfc3339("2020-01-06");
  EXPECT_EQ(bars("ABC", Interval::Day, {second, third})->bars.close, std::vector<double>{12});
  EXPECT_EQ(bars("ABC", Interval::Day, {kNoStart, third}, 1)->bars.close, std::vector<double>{12});
  EXPECT_EQ(bars("ABC", Interval::Day, {second, Timestamp::max()}, 1)->bars.close,
            std::vector<double>{12});
  EXPECT_TRUE(
      bars("ABC", Interval::Day, {third + std::chrono::days{1}, Timestamp::max()})->bars.empty());
}

TEST_F(File, MakesWeeksButNoHoursFromDays) {
  write("ABC.csv", kDaily);
  EXPECT_EQ(bars("ABC", Interval::Week)->bars.close, (std::vector<double>{12, 13}));
  EXPECT_EQ(bars("ABC", Interval::Hour).error().code(), ErrorCode::NotSupported);
  write("ABC_1h.csv", "time,open,high,low,close,volume\n2020-01-02T10:00:00Z,1,2,1,2,5\n");
  EXPECT_EQ(bars("ABC", Interval::Hour)->bars.size(), 1U);
}

TEST_F(File, ReadsAChangedFileAgain) {
  write("ABC.csv", kDaily);
  EXPECT_EQ(bars("ABC")->bars.size(), 3U);
  write("ABC.csv", std::string{kDaily} + "2020-01-07,13,14,11,13,300\n");
  EXPECT_EQ(bars("ABC")->bars.size(), 4U);
}

TEST_F(File, SaysWhatIsWrong) {
  EXPECT_EQ(bars("ABC").error().code(), ErrorCode::UnknownSymbol);
  write("ABC.csv", "Date,Open,High,Low,Close\n2020-01-02,10,9,8,9\n2020-01-03,1,1,1,1\n");
  const auto reply = bars("ABC");
  ASSERT_EQ(reply.error().code(), ErrorCode::BadPayload);
  EXPECT_NE(reply.error().detail().find("line 2"), std::string::npos) << reply.error().detail();
}

TEST_F(File, QuotesAreTheLastClose) {
  write("ABC.csv", kDaily);
  const auto quote = testing::run_task(provider_.quotes()->quote(*Symbol::parse("ABC"), Call{}));
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->last, 13);
  EXPECT_EQ(quote->prev_close, 12);
  EXPECT_FALSE(quote->bid.has_value());
  EXPECT_EQ(quote->market_state, MarketState::Closed);
}

TEST_F(File, ListsWhatTheFoldersHold) {
  write("ABC.csv", kDaily);
  write("ABC_1h.csv", "");
  write("sample/SPX.csv", kDaily);
  write("notes.txt", "");
  const auto symbols = provider_.symbols();
  ASSERT_EQ(symbols.size(), 2U);
  EXPECT_EQ(symbols[0].symbol.view(), "ABC");
  EXPECT_EQ(symbols[1].symbol.view(), "SPX");
}

}  // namespace
}  // namespace ziggy::feed
