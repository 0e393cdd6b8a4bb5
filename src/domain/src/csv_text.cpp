// The other way round: names of files, and bars as text.
#include <charconv>
#include <cmath>

#include "ziggy/domain/csv.hpp"

namespace ziggy {

namespace {

/// Shortest text that reads back as the same double; plain digits for the sizes prices and volumes
/// have.
void append_number(std::string& out, double value) {
  char buffer[64];
  const double size = std::abs(value);
  const bool is_plain = value == 0 || (size >= 1e-7 && size < 1e15);
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value,
                    is_plain ? std::chars_format::fixed : std::chars_format::general);
  if (error == std::errc{}) out.append(buffer, end);
}

}  // namespace

BarFileName split_bar_file_name(std::string_view file_name) {
  if (const std::size_t slash = file_name.find_last_of('/'); slash != std::string_view::npos) {
    file_name.remove_prefix(slash + 1);
  }
  std::string_view stem = file_name;
  if (const std::size_t dot = stem.rfind('.'); dot != std::string_view::npos && dot > 0) {
    stem = stem.substr(0, dot);
  }
  // The first part between separators that names an interval ends the symbol: AAPL_5m, EA-15m-2026.
  std::size_t at = stem.find_first_of("_-");
  while (at != std::string_view::npos) {
    const std::size_t next = stem.find_first_of("_-", at + 1);
    const std::string_view part =
        stem.substr(at + 1, next == std::string_view::npos ? next : next - at - 1);
    if (const auto interval = parse_interval(part); interval && at > 0) {
      return {std::string{stem.substr(0, at)}, *interval};
    }
    at = next;
  }
  return {std::string{stem}, std::nullopt};
}

void append_csv_bars(std::string& out, const BarColumns& bars, std::size_t from, std::size_t to,
                     Interval interval) {
  char time[kRfc3339Size];
  constexpr std::size_t kDateSize = 10;
  for (std::size_t i = from; i < to; ++i) {
    const char* const end = write_rfc3339(time, bars.time_at(i));
    out.append(time, is_intraday(interval) ? static_cast<std::size_t>(end - time) : kDateSize);
    for (const double value :
         {bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]}) {
      out += ',';
      append_number(out, value);
    }
    out += '\n';
  }
}

}  // namespace ziggy
