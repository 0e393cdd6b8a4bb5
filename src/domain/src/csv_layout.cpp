#include "csv_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "scan.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::csv {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The one that cuts the line into the most fields; a comma if none does.
char delimiter_of(std::string_view line) noexcept {
  char best = ',';
  std::ptrdiff_t most = 0;
  for (const char candidate : {',', ';', '\t'}) {
    const auto count = std::ranges::count(line, candidate);
    if (count > most) {
      most = count;
      best = candidate;
    }
  }
  return best;
}

/// `<Adj. Close>` and `adj_close` become `adjclose`.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter) plain += c;
    if (c >= 'A' && c <= 'Z') plain += static_cast<char>(c + 32);
  }
  return plain;
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

constexpr std::string_view kTimeNames[] = {"date",     "datetime", "timestamp",   "day",
                                           "t",        "unix",     "epoch",       "opentime",
                                           "gmttime",  "utctime",  "datetimeutc", "unixtimestamp",
                                           "unixtime", "dateutc",  "timeutc"};
constexpr std::string_view kVolumeNames[] = {"volume", "vol", "v", "tickvol", "tickvolume"};
constexpr std::string_view kDividendNames[] = {"dividends", "dividend", "exdividend", "divcash"};
constexpr std::string_view kSplitNames[] = {"stocksplits", "stocksplit", "splitratio",
                                            "splitfactor", "splits",     "split"};
constexpr std::array<std::string_view, 4> kPriceLetters = {"o", "h", "l", "c"};

/// Where `name` belongs in the layout; null if nowhere.
int* slot_of(Layout& layout, std::string_view name) {
  for (std::size_t i = 0; i < kPriceNames.size(); ++i) {
    if (name == kPriceNames[i] || name == kPriceLetters[i]) return &layout.prices[i];
  }
  if (name == "closelast") return &layout.prices[3];
  if (is_one_of(name, kTimeNames)) return &layout.time;
  if (name == "time") return &layout.time_of_day;
  if (is_one_of(name, kVolumeNames)) return &layout.volume;
  if (is_one_of(name, kDividendNames)) return &layout.dividend;
  if (is_one_of(name, kSplitNames)) return &layout.split;
  return nullptr;
}

std::string missing_prices(const Layout& layout) {
  std::string missing;
  for (std::size_t i = 0; i < kPriceNames.size(); ++i) {
    if (layout.prices[i] != kAbsent) continue;
    if (!missing.empty()) missing += ", ";
    missing += kPriceNames[i];
  }
  return missing;
}

LayoutAnswer from_header(const Fields& fields, Layout layout) {
  layout.has_header = true;
  for (int i = 0; i < fields.size(); ++i) {
    const std::string name = plain_name(fields[i]);
    // Data frames are written with an index column that has no name.
    int* const slot = name.empty() && i == 0 ? &layout.time : slot_of(layout, name);
    if (slot == nullptr) continue;
    if (*slot == kAbsent || (slot == &layout.time && *slot == 0 && fields[0].empty())) {
      *slot = i;
    } else if (slot != &layout.time) {
      return {{}, fmt::format("two columns are named {}", quoted(fields[i]))};
    }
  }
  if (const std::string missing = missing_prices(layout); !missing.empty()) {
    return {{}, fmt::format("no column named {}: a bar needs open, high, low and close", missing)};
  }
  if (layout.time == kAbsent) std::swap(layout.time, layout.time_of_day);
  if (layout.time == kAbsent) return {{}, "no column named date, time or timestamp"};
  return {layout, {}};
}

LayoutAnswer from_first_row(const Fields& fields, Layout layout) {
  layout.time = 0;
  int next = 1;
  if (fields.size() > 1 && fields[1].find(':') != std::string_view::npos &&
      scan::time_of_day(fields[1])) {
    layout.time_of_day = next++;
  }
  for (int& price : layout.prices) price = next++;
  if (fields.size() < next) {
    return {
        {},
        fmt::format("{} columns without a header: a bar needs a time, open, high, low and close",
                    fields.size())};
  }
  if (next < fields.size()) layout.volume = next;
  return {layout, {}};
}

}  // namespace

Fields::Outcome Fields::cut(std::string_view line, char delimiter) noexcept {
  size_ = 0;
  while (true) {
    if (size_ == static_cast<int>(fields_.size())) return Outcome::TooMany;
    std::size_t end = 0;
    const std::size_t start = line.find_first_not_of(' ');
    if (start != std::string_view::npos && line[start] == '"') {
      end = line.find('"', start + 1);
      if (end == std::string_view::npos) return Outcome::OpenQuote;
      fields_[static_cast<std::size_t>(size_++)] = trimmed(line.substr(start + 1, end - start - 1));
      end = line.find(delimiter, end + 1);
    } else {
      const char* const data = line.data();
      while (end < line.size() && data[end] != delimiter) ++end;
      fields_[static_cast<std::size_t>(size_++)] = trimmed(line.substr(0, end));
      if (end == line.size()) end = std::string_view::npos;
    }
    if (end == std::string_view::npos) return Outcome::Cut;
    line.remove_prefix(end + 1);
  }
}

LayoutAnswer layout_of(std::string_view first_line) {
  Layout layout;
  layout.delimiter = delimiter_of(first_line);
  Fields fields;
  switch (fields.cut(first_line, layout.delimiter)) {
    case Fields::Outcome::TooMany:
      return {{}, fmt::format("more than {} columns", kCsvColumnsMax)};
    case Fields::Outcome::OpenQuote:
      return {{}, "a quote is not closed"};
    case Fields::Outcome::Cut:
      break;
  }
  layout.columns = fields.size();
  if (scan::wall_time(fields[0])) return from_first_row(fields, layout);
  return from_header(fields, layout);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 40;
  std::string out = "'";
  for (const char c : text.substr(0, kShown)) out += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > kShown) out += "…";
  return out + "'";
}

}  // namespace ziggy::csv
