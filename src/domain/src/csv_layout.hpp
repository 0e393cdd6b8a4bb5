#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "ziggy/domain/csv.hpp"

/// How a CSV file is laid out: which delimiter, which column is what. Private to domain.
namespace ziggy::csv {

inline constexpr int kAbsent = -1;

struct Layout {
  char delimiter = ',';
  bool has_header = false;
  /// Columns of the header, or of the first row where there is none.
  int columns = 0;
  int time = kAbsent;
  int time_of_day = kAbsent;
  std::array<int, 4> prices = {kAbsent, kAbsent, kAbsent, kAbsent};  // open, high, low, close
  int volume = kAbsent;
  int dividend = kAbsent;
  int split = kAbsent;
};

inline constexpr std::array<std::string_view, 4> kPriceNames = {"open", "high", "low", "close"};

/// One line cut into its fields, trimmed and without the quotes around them.
class Fields {
 public:
  enum class Outcome { Cut, TooMany, OpenQuote };

  Outcome cut(std::string_view line, char delimiter) noexcept;
  [[nodiscard]] int size() const noexcept { return size_; }
  [[nodiscard]] std::string_view operator[](int i) const noexcept {
    return fields_[static_cast<std::size_t>(i)];
  }

 private:
  std::array<std::string_view, kCsvColumnsMax> fields_;
  int size_ = 0;
};

/// The layout from the first line with text, or why there is none.
struct LayoutAnswer {
  std::optional<Layout> layout;
  std::string reason;
};
[[nodiscard]] LayoutAnswer layout_of(std::string_view first_line);

/// For messages: at most 40 characters, others than printable ASCII as `?`, in single quotes.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace ziggy::csv
