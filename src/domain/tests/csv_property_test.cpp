#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "scan.hpp"
#include "ziggy/domain/contracts.hpp"
#include "ziggy/domain/csv.hpp"

namespace ziggy {
namespace {

/// Bars that keep to the contracts, at least two, a step apart with gaps.
BarColumns any_bars(Interval interval) {
  const std::int64_t step = nominal_length(interval).count() * 1'000'000'000;
  std::int64_t time = *rc::gen::inRange<std::int64_t>(0, 20'000) * scan::kDay;
  BarColumns bars;
  const int count = *rc::gen::inRange(8, 60);
  double base = *rc::gen::inRange(1, 1'000'000) / 977.0;
  for (int i = 0; i < count; ++i) {
    const double high = base * (1 + *rc::gen::inRange(0, 100) / 1009.0);
    const double low = base / (1 + *rc::gen::inRange(0, 100) / 1013.0);
    const double close = *rc::gen::element(low, base, high);
    bars.push_back({Timestamp{std::chrono::nanoseconds{time}}, base, high, low, close,
                    static_cast<double>(*rc::gen::inRange<std::int64_t>(0, 10'000'000'000)) /
                        *rc::gen::element(1.0, 3.0)});
    base = close;
    time += step * (i % 7 == 3 ? 3 : 1);
  }
  return bars;
}

RC_GTEST_PROP(CsvProperty, WhatIsWrittenReadsBackBitForBit, ()) {
  const Interval interval = *rc::gen::elementOf(kIntervals);
  const BarColumns bars = any_bars(interval);
  std::string text = *rc::gen::arbitrary<bool>() ? std::string{kCsvHeader} : std::string{};
  append_csv_bars(text, bars, 0, bars.size(), interval);
  const BarFile file = read_csv_bars(text);
  RC_ASSERT(file.problems == std::vector<LineProblem>{});
  RC_ASSERT(file.bars == bars);
  RC_ASSERT(file.interval == interval);
}

RC_GTEST_PROP(CsvProperty, TheShapeDoesNotMatter, ()) {
  const Interval interval = *rc::gen::element(Interval::Day, Interval::Minute, Interval::Hour);
  const BarColumns bars = any_bars(interval);
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    std::string row;
    append_csv_bars(row, bars, i, i + 1, interval);
    row.pop_back();
    rows.push_back(row);
  }
  if (*rc::gen::arbitrary<bool>()) std::ranges::reverse(rows);
  const char delimiter = *rc::gen::element(',', ';', '\t');
  const std::string end = *rc::gen::element<std::string>("\n", "\r\n");
  const bool has_quotes = *rc::gen::arbitrary<bool>();
  std::string text =
      *rc::gen::element<std::string>("", "\xef\xbb\xbf") + "Date,OPEN,High,low,Close,Volume" + end;
  std::ranges::replace(text, ',', delimiter);
  const std::string quote = has_quotes ? "\"" : "";
  for (const std::string& row : rows) {
    text += quote;
    for (const char c : row) text += c == ',' ? quote + delimiter + quote : std::string{c};
    text += quote + end;
  }
  const BarFile file = read_csv_bars(text);
  RC_ASSERT(file.problems == std::vector<LineProblem>{});
  RC_ASSERT(file.bars == bars);
}

RC_GTEST_PROP(CsvProperty, AnyBytesAreAnswered, (const std::string& bytes)) {
  const BarFile file = read_csv_bars(bytes);
  RC_ASSERT(file.bars.size() == file.lines.size());
  RC_ASSERT(file.problems.size() <= kProblemsKept);
}

RC_GTEST_PROP(ScanProperty, NumbersAreRoundedAsTheStandardLibraryDoes, ()) {
  const auto digits = *rc::gen::arbitrary<std::uint64_t>();
  std::string text = std::to_string(digits >> *rc::gen::inRange(0, 64));
  const auto point =
      static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(text.size()) + 1));
  if (point < text.size()) text.insert(point, 1, '.');
  if (*rc::gen::arbitrary<bool>()) text.insert(0, 1, '-');
  double expected = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), expected);
  RC_ASSERT(error == std::errc{} && end == text.data() + text.size());
  RC_ASSERT(scan::number(text) == expected);
}

}  // namespace
}  // namespace ziggy
