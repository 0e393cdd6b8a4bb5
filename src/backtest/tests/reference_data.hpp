#pragma once

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/text.hpp"
#include "ziggy/testing/reference_data.hpp"

/// Reads the published results of backtesting.py, where they lie beside the checkout.
namespace ziggy::backtest::testing {

struct ReferenceTrade {
  double size = 0;
  std::size_t entry_bar = 0;
  std::size_t exit_bar = 0;
  double entry_price = 0;
  double exit_price = 0;
  double pnl = 0;
  double commission = 0;
  double return_fraction = 0;
};

/// The cells of each line after the header.
inline std::vector<std::vector<std::string>> read_cells(const std::filesystem::path& path) {
  std::istringstream lines{ziggy::testing::read_file(path)};
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream parts{line};
    for (std::string cell; std::getline(parts, cell, ',');) cells.push_back(cell);
    rows.push_back(std::move(cells));
  }
  return rows;
}

inline double number(const std::string& text) {
  return text.empty() ? std::numeric_limits<double>::quiet_NaN()
                      : std::strtod(text.c_str(), nullptr);
}

inline std::vector<ReferenceTrade> read_trades(const std::filesystem::path& path) {
  std::vector<ReferenceTrade> trades;
  for (const auto& cell : read_cells(path)) {
    trades.push_back({number(cell[0]), static_cast<std::size_t>(number(cell[1])),
                      static_cast<std::size_t>(number(cell[2])), number(cell[3]), number(cell[4]),
                      number(cell[7]), number(cell[8]), number(cell[9])});
  }
  return trades;
}

/// The `"name": value` pairs of one run's `stats` in index-give.json. Durations are written
/// `"123s"`.
inline std::map<std::string, double> read_stats(const std::string& json, std::string_view run) {
  std::map<std::string, double> stats;
  const std::size_t at = json.find("\"" + std::string{run} + "\"");
  EXPECT_NE(at, std::string::npos) << run;
  const std::size_t from = json.find("\"stats\"", at);
  const std::size_t to = json.find('}', from);
  std::istringstream lines{json.substr(from, to - from)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t name = line.find('"');
    const std::size_t end = line.find("\": ");
    if (name == std::string::npos || end == std::string::npos) continue;
    const std::string value = line.substr(end + 3 + (line[end + 3] == '"' ? 1 : 0));
    stats[line.substr(name + 1, end - name - 1)] = std::strtod(value.c_str(), nullptr);
  }
  return stats;
}

/// The numbers of `"name": [ … ]`.
inline std::vector<double> read_list(const std::string& json, const std::string& name) {
  std::vector<double> numbers;
  const std::size_t from = json.find('[', json.find("\"" + name + "\""));
  std::istringstream items{json.substr(from + 1, json.find(']', from) - from - 1)};
  for (std::string item; std::getline(items, item, ',');) numbers.push_back(number(item));
  return numbers;
}

}  // namespace ziggy::backtest::testing
