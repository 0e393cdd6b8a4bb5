#include "yahoo_symbols.hpp"

#include <array>
#include <utility>

namespace ziggy::feed {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// What follows the dot with us, and the dash with Yahoo.
constexpr std::array<Pair, 4> kSuffixes = {{{"WS", "WT"}, {"U", "UN"}, {"RT", "RI"}, {"PR", "P"}}};

// One letter after a dot that Yahoo uses for an exchange: Frankfurt, London, Tokyo, TSX Venture.
bool is_exchange_letter(char c) { return c == 'F' || c == 'L' || c == 'T' || c == 'V'; }

bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }

// One letter that is a class of share on both sides: no exchange, and neither of the letters that
// stand for something else (P a preferred share with Yahoo, U a unit with us).
bool is_class(std::string_view suffix) {
  return suffix.size() == 1 && is_letter(suffix[0]) && !is_exchange_letter(suffix[0]) &&
         suffix[0] != 'P' && suffix[0] != 'U';
}

std::string with_suffix(std::string_view root, char separator, std::string_view suffix) {
  std::string text{root};
  text += separator;
  return text += suffix;
}

}  // namespace

std::string to_yahoo(const Symbol& symbol) {
  const std::string_view text = symbol.view();
  const std::size_t dot = text.rfind('.');
  if (symbol.kind() != AssetKind::Share || dot == std::string_view::npos || dot == 0) {
    return std::string{text};
  }
  const std::string_view root = text.substr(0, dot);
  const std::string_view suffix = text.substr(dot + 1);
  for (const auto& [ours, theirs] : kSuffixes) {
    if (suffix == ours) return with_suffix(root, '-', theirs);
  }
  if (is_class(suffix)) return with_suffix(root, '-', suffix);
  if (suffix.size() == 3 && suffix.starts_with("PR") && is_letter(suffix[2])) {
    return with_suffix(root, '-', std::string{'P', suffix[2]});
  }
  return std::string{text};
}

std::optional<Symbol> from_yahoo(std::string_view spelling) {
  const auto same = Symbol::parse(spelling);
  if (!same) return std::nullopt;
  const std::string_view text = same->view();
  const std::size_t dash = text.rfind('-');
  if (same->kind() != AssetKind::Share || dash == std::string_view::npos || dash == 0 ||
      text.find_first_of(".=_") != std::string_view::npos) {
    return *same;
  }
  const std::string_view root = text.substr(0, dash);
  const std::string_view suffix = text.substr(dash + 1);
  std::string canonical{text};
  for (const auto& [ours, theirs] : kSuffixes) {
    if (suffix == theirs) canonical = with_suffix(root, '.', ours);
  }
  if (is_class(suffix)) {
    canonical = with_suffix(root, '.', suffix);
  } else if (suffix.size() == 2 && suffix[0] == 'P' && is_letter(suffix[1])) {
    canonical = with_suffix(root, '.', std::string{"PR"} + suffix[1]);
  }
  const auto symbol = Symbol::parse(canonical);
  return symbol ? std::optional{*symbol} : std::nullopt;
}

}  // namespace ziggy::feed
