#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/text.hpp"
#include "ziggy/quant/window.hpp"
#include "ziggy/testing/reference_data.hpp"

/// Reading the reference files and comparing with what they print.
namespace ziggy::quant::testing {

using Column = std::vector<double>;

/// A CSV file with a header; cells that are no number (dates, blanks, NaN) read as NaN.
class Table {
 public:
  explicit Table(const std::string& file) {
    std::istringstream lines{ziggy::testing::read_file(ziggy::testing::reference_data() / file)};
    std::string line;
    while (std::getline(lines, line)) {
      std::vector<std::string> cells;
      std::istringstream parts{line};
      for (std::string cell; std::getline(parts, cell, ',');) {
        cells.emplace_back(text::trim(cell));
      }
      if (header_.empty()) {
        header_ = cells;
      } else if (!cells.empty()) {
        cells.resize(header_.size());
        rows_.push_back(std::move(cells));
      }
    }
  }

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::vector<std::string> cells(std::string_view name) const {
    std::size_t at = 0;
    while (at < header_.size() && !text::equals_ignoring_case(header_[at], name)) ++at;
    EXPECT_LT(at, header_.size()) << "no column " << name;
    std::vector<std::string> column;
    column.reserve(rows_.size());
    for (const auto& row : rows_) column.push_back(at < row.size() ? row[at] : "");
    return column;
  }
  [[nodiscard]] Column numbers(std::string_view name) const {
    Column column;
    for (const std::string& cell : cells(name)) {
      column.push_back(text::parse_double(cell).value_or(kNone));
    }
    return column;
  }

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

inline boost::json::value read_json(const std::string& file) {
  return boost::json::parse(ziggy::testing::read_file(ziggy::testing::reference_data() / file));
}

/// Half of the last of `decimals` printed places, and what double arithmetic may differ by.
inline double rounding(double expected, int decimals) {
  return 0.5 * std::pow(10.0, -decimals) * (1 + 1e-6) + 1e-12 * std::max(1.0, std::abs(expected));
}

/// How many decimal places a number is printed with; an exponent moves the point.
inline int printed_decimals(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  const int exponent = e == std::string_view::npos ? 0 : std::stoi(std::string{text.substr(e + 1)});
  const std::string_view digits = text.substr(0, e);
  const std::size_t point = digits.find('.');
  const int decimals =
      point == std::string_view::npos ? 0 : static_cast<int>(digits.size() - point - 1);
  return decimals - exponent;
}

}  // namespace ziggy::quant::testing
