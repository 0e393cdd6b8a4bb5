#include "ziggy/domain/symbol.hpp"

namespace ziggy {

Result<Symbol> Symbol::parse(std::string_view text) {
  if (text.empty() || text.size() > kSizeMax) {
    return fail(ErrorCode::ValidationFailed, "a symbol has 1 to {} characters", kSizeMax);
  }
  Symbol symbol;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    const bool alphanumeric = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool inside = i > 0 && (c == '.' || c == '-' || c == '=' || c == '_');
    if (!alphanumeric && !inside && !(i == 0 && c == '^')) {
      return fail(
          ErrorCode::ValidationFailed,
          "a symbol is made of A-Z, 0-9, '.', '-', '=' and '_', and begins with a letter or digit");
    }
    symbol.text_[i] = c;
  }
  symbol.size_ = static_cast<std::uint8_t>(text.size());
  return symbol;
}

bool Symbol::is_crypto() const noexcept {
  const std::string_view text = view();
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || dash == 0) return false;
  const std::string_view quote = text.substr(dash + 1);
  return quote == "USD" || quote == "USDT" || quote == "USDC" || quote == "EUR" || quote == "GBP" ||
         quote == "BTC" || quote == "ETH";
}

AssetKind Symbol::kind() const noexcept {
  if (is_crypto()) return AssetKind::Crypto;
  if (view().starts_with('^')) return AssetKind::Index;
  if (view().ends_with("=X")) return AssetKind::Currency;
  return AssetKind::Share;
}

}  // namespace ziggy
