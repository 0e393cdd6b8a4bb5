#include "parse.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include "ziggy/base/redact.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::config {

namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kVendors[] = {"polygon", "alpaca", "yahoo", "file", "sim"};
constexpr std::string_view kVendorWords[] = {"polygon",  "alpaca", "yahoo",
                                             "yfinance", "file",   "sim"};
constexpr std::string_view kMask = "***";

std::string listed(Names names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += i == 0 ? "" : i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

}  // namespace

std::string_view vendor_name(Vendor vendor) noexcept {
  return kVendors[static_cast<std::size_t>(vendor)];
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 64;
  std::string out = "'";
  text::append_json_escaped(out, text.substr(0, kShown));
  return out + (text.size() > kShown ? "…'" : "'");
}

std::string did_you_mean(std::string_view word, Names candidates) {
  const auto near = text::nearest(word, candidates);
  return near ? fmt::format(" (did you mean '{}'?)", *near) : "";
}

Result<bool> parse_bool(std::string_view text) {
  const std::string word = text::lower(text);
  if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "0" || word == "no" || word == "off") return false;
  return fail(ErrorCode::ValidationFailed, "{} is neither true nor false", in_quotes(text));
}

Result<std::int64_t> parse_whole(std::string_view text, std::int64_t min, std::int64_t max) {
  const auto number = text::parse_int(text);
  if (!number || *number < min || *number > max) {
    return fail(ErrorCode::ValidationFailed, "{} is not a whole number from {} to {}",
                in_quotes(text), min, max);
  }
  return *number;
}

Result<double> parse_positive(std::string_view text, double max) {
  const auto number = text::parse_double(text);
  if (!number || *number <= 0 || *number > max) {
    return fail(ErrorCode::ValidationFailed, "{} is not a number above 0 and up to {}",
                in_quotes(text), max);
  }
  return *number;
}

Result<std::size_t> parse_choice(std::string_view text, Names names) {
  const std::string word = text::lower(text);
  const auto found = std::ranges::find(names, word);
  if (found == names.end()) {
    return fail(ErrorCode::ValidationFailed, "{} is not {}{}", in_quotes(text), listed(names),
                did_you_mean(word, names));
  }
  return static_cast<std::size_t>(found - names.begin());
}

Result<Rate> parse_rate(std::string_view text) {
  static constexpr std::string_view kUnits[] = {"second", "minute", "hour", "day"};
  static constexpr std::chrono::seconds kPeriods[] = {std::chrono::seconds{1},
                                                      std::chrono::minutes{1},
                                                      std::chrono::hours{1}, std::chrono::days{1}};
  const std::size_t slash = text.find('/');
  const auto count = text::parse_int(text::trim(text.substr(0, slash)));
  if (slash == std::string_view::npos || !count || *count < 1 || *count > 1'000'000'000) {
    return fail(ErrorCode::ValidationFailed, "{} is not a rate like 60/minute", in_quotes(text));
  }
  ZIGGY_TRY(unit, parse_choice(text::trim(text.substr(slash + 1)), kUnits));
  return Rate{static_cast<std::uint32_t>(*count), kPeriods[unit]};
}

Result<std::vector<std::pair<std::string_view, std::string_view>>> parse_pairs(
    std::string_view text) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const std::string_view part : text::split_list(text)) {
    const std::size_t equals = part.find('=');
    const std::string_view name = text::trim(part.substr(0, equals));
    if (equals == std::string_view::npos || name.empty()) {
      return fail(ErrorCode::ValidationFailed, "{} is not name=value", in_quotes(part));
    }
    if (std::ranges::any_of(pairs, [&](const auto& pair) { return pair.first == name; })) {
      return fail(ErrorCode::ValidationFailed, "{} is named twice", in_quotes(name));
    }
    pairs.emplace_back(name, text::trim(part.substr(equals + 1)));
  }
  return pairs;
}

Result<Vendor> parse_vendor(std::string_view text) {
  const std::string word = text::lower(text);
  if (word == "yfinance") return Vendor::Yahoo;
  const auto found = std::ranges::find(kVendors, word);
  if (found == std::end(kVendors)) {
    return fail(ErrorCode::ValidationFailed, "{} is not {}{}", in_quotes(text), listed(kVendors),
                did_you_mean(word, kVendorWords));
  }
  return static_cast<Vendor>(found - std::begin(kVendors));
}

Result<std::vector<Vendor>> parse_chain(std::string_view text) {
  std::vector<Vendor> chain;
  for (const std::string_view part : text::split_list(text)) {
    ZIGGY_TRY(vendor, parse_vendor(part));
    if (std::ranges::find(chain, vendor) != chain.end()) {
      return fail(ErrorCode::ValidationFailed, "{} is named twice", in_quotes(vendor_name(vendor)));
    }
    chain.push_back(vendor);
  }
  if (chain.empty())
    return fail(ErrorCode::ValidationFailed, "{} names no vendor", in_quotes(text));
  return chain;
}

Result<std::string> parse_host(std::string_view text) {
  std::string host{text};
  std::array<std::uint8_t, 16> address{};
  if (host == "localhost" || inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
      inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
    return host;
  }
  return fail(ErrorCode::ValidationFailed, "{} is neither an IP address nor localhost",
              in_quotes(text));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool Cidr::contains(const std::array<std::uint8_t, 16>& other) const noexcept {
  for (std::size_t bit = 0; bit < prefix;) {
    const std::size_t byte = bit / 8;
    const std::size_t bits = std::min<std::size_t>(8, prefix - bit);
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits));
    if ((address[byte] & mask) != (other[byte] & mask)) return false;
    bit += bits;
  }
  return true;
}

Result<Cidr> parse_cidr(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::ValidationFailed, "{} is not a block of addresses like 10.0.0.0/8",
                in_quotes(text));
  };
  const std::size_t slash = text.find('/');
  const std::string host{text.substr(0, slash)};
  Cidr block;
  block.text = text;
  bool is_v4 = false;
  if (inet_pton(AF_INET, host.c_str(), block.address.data() + 12) == 1) {
    is_v4 = true;
    block.address[10] = block.address[11] = 0xff;
  } else if (inet_pton(AF_INET6, host.c_str(), block.address.data()) != 1) {
    return wrong();
  }
  const int bits_max = is_v4 ? 32 : 128;
  std::int64_t bits = bits_max;
  if (slash != std::string_view::npos) {
    const auto parsed = text::parse_int(text.substr(slash + 1));
    if (!parsed || *parsed < 0 || *parsed > bits_max) return wrong();
    bits = *parsed;
  }
  block.prefix = static_cast<std::uint8_t>(bits + (is_v4 ? 96 : 0));
  for (std::size_t bit = block.prefix; bit < 128; ++bit) {
    if ((block.address[bit / 8] >> (7 - bit % 8) & 1) != 0) {
      return fail(ErrorCode::ValidationFailed, "{} has bits set beyond its prefix",
                  in_quotes(text));
    }
  }
  return block;
}

Result<std::string> parse_origin(std::string_view text) {
  if (text == "*") return std::string{text};
  const auto url = boost::urls::parse_uri(text);
  if (!url || (url->scheme() != "http" && url->scheme() != "https") || url->host().empty() ||
      url->has_userinfo() || !url->encoded_path().empty() || url->has_query() ||
      url->has_fragment()) {
    return fail(ErrorCode::ValidationFailed,
                "{} is not an origin like https://app.example.com, nor *", in_quotes(text));
  }
  return std::string{text};
}

Result<std::string> parse_url(std::string_view text, Names schemes) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || url->host().empty()) {
    return fail(ErrorCode::ValidationFailed, "is not a URL like {}://host", schemes.front());
  }
  if (std::ranges::find(schemes, text::lower(std::string_view{url->scheme()})) == schemes.end()) {
    return fail(ErrorCode::ValidationFailed, "is a URL whose scheme is not {}", listed(schemes));
  }
  if (url->has_port() && url->port_number() == 0) {
    return fail(ErrorCode::ValidationFailed, "is a URL whose port is not 1 to 65535");
  }
  return std::string{text};
}

Result<std::string> parse_database_url(std::string_view text) {
  static constexpr std::string_view kPostgres[] = {"postgresql", "postgres"};
  if (text.starts_with("sqlite:///")) {
    if (text.size() == std::string_view{"sqlite:///"}.size()) {
      return fail(ErrorCode::ValidationFailed, "names no file after sqlite:///");
    }
    return std::string{text};
  }
  if (text.starts_with("postgresql:") || text.starts_with("postgres:")) {
    return parse_url(text, kPostgres);
  }
  return fail(ErrorCode::ValidationFailed,
              "is not sqlite:///relative, sqlite:////absolute or postgresql://user@host/name");
}

std::vector<std::string> url_passwords(std::string_view url) {
  std::vector<std::string> found;
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return found;
  // A password that is the user's name would mask that name in every text, and hides nothing.
  if (parsed->has_password() && parsed->password() != parsed->user()) {
    found.emplace_back(std::string_view{parsed->encoded_password()});
    found.push_back(parsed->password());
  }
  for (const auto& param : parsed->params()) {
    if (is_secret_key(std::string_view{param.key}) && param.has_value)
      found.emplace_back(param.value);
  }
  return found;
}

std::string mask_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return std::string{kMask};
  boost::urls::url url{*parsed};
  if (url.has_password()) url.set_encoded_password(kMask);
  for (auto at = url.params().begin(); at != url.params().end(); ++at) {
    const auto param = *at;
    if (is_secret_key(std::string_view{param.key}) && param.has_value) {
      at = url.params().replace(at, {param.key, kMask});
    }
  }
  return std::string{std::string_view{url.buffer()}};
}

}  // namespace ziggy::config
