// The first byte chooses path and company files; the rest is each of the three kinds of text.
#include <array>
#include <cstdint>

#include "ziggy/base/assert.hpp"
#include "ziggy/domain/lean.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static constexpr std::array<std::string_view, 4> kPaths = {
      "equity-minute/spy/20131004_trade.csv", "equity-daily/spy.csv", "equity-hour/spy.csv",
      "crypto-minute/btcusd/20180405_trade.csv"};
  const std::string_view text{reinterpret_cast<const char*>(data + 1), size - 1};
  ziggy::LeanCompany company;
  if (auto map = ziggy::parse_lean_map(text); map && (data[0] & 4) != 0)
    company.map = std::move(*map);
  if (auto factors = ziggy::parse_lean_factors(text); factors && (data[0] & 8) != 0)
    company.factors = std::move(*factors);
  ziggy::BarFile file =
      ziggy::read_lean_bars(text, ziggy::parse_lean_path(kPaths[data[0] & 3U]).value(), company);
  ziggy::check_contracts(file);
  ZIGGY_ASSERT(file.bars.size() == file.lines.size());
  const auto named = ziggy::parse_lean_path(text);
  ZIGGY_ASSERT(!named || !named->ticker.empty());
  return 0;
}
