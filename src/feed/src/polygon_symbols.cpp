#include "polygon_symbols.hpp"

#include <array>
#include <utility>

namespace ziggy::feed {
namespace {

struct Suffix {
  std::string_view canonical;
  char polygon;
};

// Polygon writes a share's kind as one small letter between root and series (BACpL, KIMpL).
constexpr std::array kSuffixes = {Suffix{".PR", 'p'}, Suffix{".RT", 'r'}, Suffix{".WI", 'w'}};

// Where Yahoo, whose names people know, and the exchanges differ.
constexpr std::array kIndexAliases = {
    std::pair{std::string_view{"^GSPC"}, std::string_view{"SPX"}},
    std::pair{std::string_view{"^IXIC"}, std::string_view{"COMP"}}};

std::string share_to_polygon(std::string_view text) {
  for (const Suffix& suffix : kSuffixes) {
    const std::size_t at = text.rfind(suffix.canonical);
    if (at == std::string_view::npos || at == 0) continue;
    const std::string_view series = text.substr(at + suffix.canonical.size());
    // One letter of series at most; .PRO and the like would be a class of its own otherwise.
    if (series.size() > 1) continue;
    return std::string{text.substr(0, at)} + suffix.polygon + std::string{series};
  }
  return std::string{text};
}

bool is_small(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

std::string to_polygon(const Symbol& symbol) {
  const std::string_view text = symbol.view();
  switch (symbol.kind()) {
    case AssetKind::Crypto: {
      const std::size_t dash = text.rfind('-');
      return "X:" + std::string{text.substr(0, dash)} + std::string{text.substr(dash + 1)};
    }
    case AssetKind::Index:
      for (const auto& [alias, index] : kIndexAliases) {
        if (text == alias) return "I:" + std::string{index};
      }
      return "I:" + std::string{text.substr(1)};
    case AssetKind::Currency: {
      const std::string_view pair = text.substr(0, text.size() - 2);
      // JPY=X is the dollar in yen.
      return (pair.size() == 3 ? "C:USD" : "C:") + std::string{pair};
    }
    case AssetKind::Share:
      break;
  }
  return share_to_polygon(text);
}

Result<Symbol> coin_from_joined(std::string_view pair) {
  // The currencies by which Symbol tells a coin from a share.
  static constexpr std::array<std::string_view, 7> kCurrencies = {"USDT", "USDC", "USD", "EUR",
                                                                  "GBP",  "BTC",  "ETH"};
  for (const std::string_view currency : kCurrencies) {
    if (pair.size() > currency.size() && pair.ends_with(currency)) {
      return Symbol::parse(std::string{pair.substr(0, pair.size() - currency.size())} + "-" +
                           std::string{currency});
    }
  }
  return fail(ErrorCode::ValidationFailed, "{} is no coin in a known currency", pair);
}

Result<Symbol> from_polygon(std::string_view ticker) {
  const std::string_view rest = ticker.size() > 2 ? ticker.substr(2) : std::string_view{};
  if (ticker.starts_with("X:")) return coin_from_joined(rest);
  if (ticker.starts_with("I:")) return Symbol::parse("^" + std::string{rest});
  if (ticker.starts_with("C:")) return Symbol::parse(std::string{rest} + "=X");
  if (ticker.contains(':')) {
    return fail(ErrorCode::ValidationFailed, "{} has no name of ours", ticker);
  }
  // The small letter stands last or before one letter of series.
  for (const std::size_t back : {std::size_t{1}, std::size_t{2}}) {
    if (ticker.size() <= back) continue;
    const char kind = ticker[ticker.size() - back];
    if (!is_small(kind) || is_small(ticker.front())) continue;
    for (const Suffix& suffix : kSuffixes) {
      if (suffix.polygon != kind) continue;
      return Symbol::parse(std::string{ticker.substr(0, ticker.size() - back)} +
                           std::string{suffix.canonical} +
                           std::string{ticker.substr(ticker.size() - back + 1)});
    }
  }
  for (const char c : ticker) {
    // Symbols know no case: BACxL would become another share.
    if (is_small(c)) return fail(ErrorCode::ValidationFailed, "{} has no name of ours", ticker);
  }
  return Symbol::parse(ticker);
}

}  // namespace ziggy::feed
