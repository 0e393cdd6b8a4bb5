#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string_view>

#include "ziggy/base/result.hpp"

namespace ziggy {

/// What a symbol stands for, as far as its spelling says.
enum class AssetKind : std::uint8_t { Share, Crypto, Index, Currency };

/// What can be traded or quoted, under Ziggy's canonical name: `AAPL`, `BRK.B`, `BTC-USD`, `SPX`.
/// 1 to 23 of `A-Z 0-9 . - = ^ _`, the first a letter, a digit or `^`. Inline and trivially
/// copyable: a cheap map key.
class Symbol {
 public:
  static constexpr std::size_t kSizeMax = 23;

  /// Lower case is raised. Errors: ValidationFailed.
  [[nodiscard]] static Result<Symbol> parse(std::string_view text);

  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }
  /// Crypto pairs are written BASE-QUOTE with a currency of three or four letters (BTC-USD).
  [[nodiscard]] bool is_crypto() const noexcept;
  /// Crypto as above, an index begins with `^`, a currency pair ends with `=X`; the rest are
  /// shares.
  [[nodiscard]] AssetKind kind() const noexcept;

  friend bool operator==(const Symbol&, const Symbol&) = default;
  friend std::strong_ordering operator<=>(const Symbol& a, const Symbol& b) noexcept {
    return a.view() <=> b.view();
  }

 private:
  std::array<char, kSizeMax> text_{};
  std::uint8_t size_ = 0;
};

static_assert(sizeof(Symbol) == 24 && std::is_trivially_copyable_v<Symbol>);

}  // namespace ziggy

template <>
struct std::hash<ziggy::Symbol> {
  std::size_t operator()(const ziggy::Symbol& symbol) const noexcept {
    return std::hash<std::string_view>{}(symbol.view());
  }
};
