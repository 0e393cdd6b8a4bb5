// Any bytes as a CSV file: never a crash, and what is accepted keeps to the contracts, is written
// and reads back the same.
#include <cstdint>
#include <string>

#include "ziggy/base/assert.hpp"
#include "ziggy/domain/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  ziggy::BarFile file = ziggy::read_csv_bars(text);
  ZIGGY_ASSERT(file.bars.size() == file.lines.size());
  ZIGGY_ASSERT(file.rows >= file.bars.size());
  ziggy::check_contracts(file);
  if (!file.is_clean()) {
    for (const ziggy::LineProblem& problem : file.problems)
      ZIGGY_ASSERT(!ziggy::describe(problem).empty());
    return 0;
  }
  std::string again{ziggy::kCsvHeader};
  ziggy::append_csv_bars(again, file.bars, 0, file.bars.size(), file.interval);
  const ziggy::BarFile copy = ziggy::read_csv_bars(again, file.interval);
  ZIGGY_ASSERT(copy.is_clean());
  ZIGGY_ASSERT(copy.bars == file.bars);
  return 0;
}
