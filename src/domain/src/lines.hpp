#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace ziggy {

/// The lines of a text without their ends and without blanks before them, numbered from 1. A byte
/// order mark is no part of the first. Private to domain.
class Lines {
 public:
  explicit Lines(std::string_view text) noexcept : rest_{text} {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
  }

  /// nullopt after the last one.
  [[nodiscard]] std::optional<std::string_view> next() noexcept {
    if (rest_.empty()) return std::nullopt;
    ++number_;
    const void* const newline = std::memchr(rest_.data(), '\n', rest_.size());
    std::size_t length = rest_.size();
    std::size_t taken = length;
    if (newline != nullptr) {
      length = static_cast<std::size_t>(static_cast<const char*>(newline) - rest_.data());
      taken = length + 1;
    }
    std::string_view line = rest_.substr(0, length);
    rest_.remove_prefix(taken);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    return line;
  }
  /// Of the line that `next` gave last.
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

}  // namespace ziggy
