#include "check.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <span>

#include "parse.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::config {

namespace {

// HS256 wants a key of at least its output's size (RFC 7518, section 3.2): 32 bytes.
constexpr std::size_t kSecretKeySizeMin = 32;
// Work that S6 asks for; lower ones make tests quick.
constexpr std::uint32_t kBcryptCostMin = 12;

/// Keys that stand in examples and in other people's repositories.
bool is_placeholder(std::string_view key) {
  const std::string lower = text::lower(key);
  for (const std::string_view word :
       {"changeme", "change-me", "change_me", "change this", "change-this", "your-secret",
        "your_secret", "secret-key", "secret_key", "secretkey", "example", "default", "insecure",
        "placeholder"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  // "aaaa…", "0123…0123…": a key made by a machine has more than eight different bytes.
  std::string bytes{key};
  std::ranges::sort(bytes);
  return std::ranges::unique(bytes).begin() - bytes.begin() <= 8;
}

struct Rules {
  const Settings& settings;
  std::vector<FieldError>& problems;
  std::vector<std::string>& warnings;

  void refuse(std::string_view name, std::string_view code, std::string message) const {
    problems.push_back({std::string{name}, std::string{code}, std::move(message)});
  }

  void secret_key() const {
    if (settings.secret_keys.empty()) {
      refuse("SECRET_KEY", "insecure", "is missing, which production does not allow");
    }
    for (const Secret& key : settings.secret_keys) {
      if (key.reveal().size() < kSecretKeySizeMin) {
        refuse("SECRET_KEY", "insecure",
               fmt::format("holds a key of {} bytes, production needs at least {}",
                           key.reveal().size(), kSecretKeySizeMin));
      } else if (is_placeholder(key.reveal())) {
        refuse("SECRET_KEY", "insecure", "holds a default or an example, not a random key");
      }
    }
  }

  void chain(std::string_view name, std::span<const Vendor> vendors) const {
    for (const Vendor vendor : vendors) {
      if (settings.has_keys(vendor)) continue;
      const std::string_view needs =
          vendor == Vendor::Polygon ? "POLYGON_API_KEY" : "ALPACA_KEY_ID and ALPACA_SECRET_KEY";
      if (settings.environment == Environment::Production) {
        refuse(name, "insecure",
               fmt::format("names {}, which has no keys ({})", vendor_name(vendor), needs));
      } else {
        warnings.push_back(
            fmt::format("{} names {}, which has no keys ({})", name, vendor_name(vendor), needs));
      }
    }
  }

  void production() const {
    secret_key();
    if (settings.debug) refuse("DEBUG", "insecure", "is on, which production does not allow");
    if (settings.demo) refuse("--demo", "insecure", "is on, which production does not allow");
    if (std::ranges::find(settings.cors_origins, "*") != settings.cors_origins.end()) {
      refuse("CORS_ORIGINS", "insecure",
             "allows every origin (*), which production does not allow");
    }
    if (settings.bcrypt_cost < kBcryptCostMin) {
      refuse(
          "BCRYPT_COST", "insecure",
          fmt::format("is {}, production needs at least {}", settings.bcrypt_cost, kBcryptCostMin));
    }
  }

  void run() const {
    if (settings.environment == Environment::Production) production();
    chain("PROVIDERS_PRICES", settings.providers_prices);
    chain("PROVIDERS_QUOTES", settings.providers_quotes);
    chain("PROVIDERS_CRYPTO", settings.providers_crypto);
    chain("PROVIDERS_NEWS", settings.providers_news);
    if (!settings.enable_auth && settings.environment != Environment::Development) {
      refuse("ENABLE_AUTH", "insecure", "is off, which only development allows");
    }
    // Until accounts exist nobody is asked who they are, so nobody else may come near.
    if (!settings.api_host.empty() && !is_loopback(settings.api_host)) {
      refuse(
          "API_HOST", "not_yet",
          fmt::format("{} is not a loopback address: until there are accounts, Ziggy answers this "
                      "machine only (127.0.0.1, ::1 or localhost)",
                      in_quotes(settings.api_host)));
    }
    if (settings.alpaca_key_id.empty() != settings.alpaca_secret_key.empty()) {
      warnings.emplace_back(
          "ALPACA_KEY_ID and ALPACA_SECRET_KEY work only together, one is missing");
    }
  }
};

}  // namespace

bool Settings::has_keys(Vendor vendor) const noexcept {
  switch (vendor) {
    case Vendor::Polygon:
      return !polygon_api_key.empty();
    case Vendor::Alpaca:
      return !alpaca_key_id.empty() && !alpaca_secret_key.empty();
    case Vendor::Yahoo:
    case Vendor::File:
    case Vendor::Sim:
      return true;
  }
  return true;
}

void check_rules(const Settings& settings, std::vector<FieldError>& problems,
                 std::vector<std::string>& warnings) {
  Rules{settings, problems, warnings}.run();
}

}  // namespace ziggy::config
