#include <algorithm>
#include <array>

#include "scan.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/lean.hpp"

namespace ziggy {

namespace {

std::vector<std::string_view> split_at(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find_first_of(separators);
    if (const std::string_view part = text.substr(0, at); !part.empty()) parts.push_back(part);
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

constexpr std::array<std::string_view, 9> kSecurities = {
    "equity", "crypto", "forex", "cfd", "option", "future", "index", "cryptofuture", "indexoption"};
constexpr std::array<std::string_view, 5> kResolutions = {"tick", "second", "minute", "hour",
                                                          "daily"};
constexpr std::array<std::string_view, 2> kTickTypes = {"trade", "quote"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// The word of the list that stands deepest in the path; empty if none does.
std::string_view deepest(std::span<const std::string_view> words,
                         std::span<const std::string_view> list) {
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    if (is_one_of(*word, list)) return *word;
  }
  return {};
}

std::optional<std::chrono::sys_days> date_in(std::string_view word) {
  if (word.size() != 8) return std::nullopt;
  const auto time = scan::wall_time(word);
  if (!time || time->has_time_of_day) return std::nullopt;
  return std::chrono::sys_days{std::chrono::days{time->nanos / scan::kDay}};
}

/// Crypto pairs are run together: the longest known quote currency at the end is one.
Result<Symbol> crypto_symbol(std::string_view ticker) {
  for (const std::string_view quote : {"usdt", "usdc", "usd", "eur", "gbp", "btc", "eth"}) {
    if (ticker.size() > quote.size() && ticker.ends_with(quote)) {
      const std::string base{ticker.substr(0, ticker.size() - quote.size())};
      return Symbol::parse(base + "-" + std::string{quote});
    }
  }
  return fail(ErrorCode::ValidationFailed, "'{}' is no crypto pair in a known currency",
              ticker.substr(0, 32));
}

Interval interval_of(std::string_view resolution) {
  if (resolution == "second") return Interval::Second;
  if (resolution == "minute") return Interval::Minute;
  if (resolution == "hour") return Interval::Hour;
  return Interval::Day;
}

/// Fills date and ticker from `20131004_trade`, `20180405_btcusd_minute_trade`, `aapl`,
/// `btcusd_trade`.
bool read_stem(std::string_view stem, std::string_view folder, LeanName& name) {
  for (const std::string_view word : split_at(stem, "_")) {
    if (const auto date = date_in(word)) {
      name.date = date;
    } else if (!is_one_of(word, kTickTypes) && !is_one_of(word, kResolutions) &&
               name.ticker.empty()) {
      name.ticker = word;
    }
  }
  if (name.ticker.empty()) name.ticker = folder;
  return is_intraday(name.interval) && name.interval < Interval::Hour ? name.date.has_value()
                                                                      : !name.date.has_value();
}

}  // namespace

Result<LeanName> parse_lean_path(std::string_view path) {
  const std::string lower = text::lower(path);
  std::vector<std::string_view> parts = split_at(lower, "/");
  if (parts.empty()) return fail(ErrorCode::ValidationFailed, "no file name");
  std::string_view stem = parts.back();
  if (const std::size_t dot = stem.rfind('.'); dot != std::string_view::npos)
    stem = stem.substr(0, dot);
  parts.back() = stem;
  std::vector<std::string_view> words;
  for (const std::string_view part : parts) {
    for (const std::string_view word : split_at(part, "-_")) words.push_back(word);
  }
  const std::string_view security = deepest(words, kSecurities);
  const std::string_view resolution = deepest(words, kResolutions);
  if (stem.ends_with("_quote") || stem == "quote") {
    return fail(ErrorCode::NotSupported,
                "a quote file: bid and ask bars are not imported, only trade bars are");
  }
  if (security.empty() || resolution.empty()) {
    return fail(ErrorCode::ValidationFailed,
                "the path does not say the security type and the resolution, as "
                "equity/usa/minute/spy/20131004_trade.csv does");
  }
  if (security == "forex" || security == "cfd") {
    return fail(ErrorCode::NotSupported,
                "LEAN's {} files hold quotes (bid and ask bars), only trade bars are imported",
                security);
  }
  if (security != "equity" && security != "crypto") {
    return fail(ErrorCode::NotSupported,
                "LEAN's {} files are not imported, only equity and crypto are", security);
  }
  if (resolution == "tick")
    return fail(ErrorCode::NotSupported, "ticks are not imported, only bars are");
  LeanName name;
  name.security = security == "equity" ? LeanName::Security::Equity : LeanName::Security::Crypto;
  name.interval = interval_of(resolution);
  const std::string_view folder = parts.size() > 1 ? parts[parts.size() - 2] : std::string_view{};
  if (!read_stem(stem, folder, name)) {
    return fail(ErrorCode::ValidationFailed, "a {} file is named {}", resolution,
                resolution == "minute" || resolution == "second" ? "by its date: 20131004_trade.csv"
                                                                 : "by its ticker: spy.csv");
  }
  ZIGGY_TRY(symbol, name.security == LeanName::Security::Crypto ? crypto_symbol(name.ticker)
                                                                : Symbol::parse(name.ticker));
  name.symbol = symbol;
  return name;
}

}  // namespace ziggy
