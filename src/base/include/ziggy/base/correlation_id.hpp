#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ziggy {

/// The name that ties together everything one request caused: `[A-Za-z0-9._-]{1,64}`.
/// Inline and trivially copyable, so that it travels by value.
class CorrelationId {
 public:
  static constexpr std::size_t kSizeMax = 64;

  /// A fresh UUIDv7.
  [[nodiscard]] static CorrelationId make();
  /// nullopt unless `text` is well formed.
  [[nodiscard]] static std::optional<CorrelationId> parse(std::string_view text) noexcept;

  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }
  friend bool operator==(const CorrelationId&, const CorrelationId&) = default;

 private:
  std::array<char, kSizeMax> text_{};
  std::uint8_t size_ = 0;
};

}  // namespace ziggy
