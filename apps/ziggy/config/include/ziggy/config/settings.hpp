#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/log.hpp"
#include "ziggy/base/secret.hpp"

/// Everything that can be set, as one typed object; see load.hpp for where the values come from.
namespace ziggy::config {

enum class Environment : std::uint8_t { Development, Staging, Production };
enum class SimSessions : std::uint8_t { Always, Exchange };

/// A vendor as chains name it.
enum class Vendor : std::uint8_t { Polygon, Alpaca, Yahoo, File, Sim };
[[nodiscard]] std::string_view vendor_name(Vendor vendor) noexcept;

/// So many in so long: `60/minute`.
struct Rate {
  std::uint32_t count = 0;
  std::chrono::seconds period{0};
  friend bool operator==(const Rate&, const Rate&) = default;
};

/// A block of addresses; IPv4 ones are kept as IPv6-mapped, their prefix counted in the 128 bits.
struct Cidr {
  std::array<std::uint8_t, 16> address{};
  std::uint8_t prefix = 0;
  /// As it was written.
  std::string text;
  [[nodiscard]] bool contains(const std::array<std::uint8_t, 16>& other) const noexcept;
};

/// Immutable once loaded. Names are those of the environment in lower case; units at the end.
struct Settings {
  Environment environment = Environment::Development;
  bool debug = false;
  /// Simulated market and bundled history; from the command line only.
  bool demo = false;

  /// nullopt: info for the server, warning for other commands.
  std::optional<log::Level> log_level;
  std::map<std::string, log::Level> log_levels;
  log::Format log_format = log::Format::Auto;

  /// The first signs, all verify.
  std::vector<Secret> secret_keys;
  std::filesystem::path data_dir;
  /// `sqlite:///relative`, `sqlite:////absolute` or `postgresql://…`; may hold a password.
  Secret database_url;
  /// Empty: no Redis; may hold a password.
  Secret redis_url;

  std::string api_host;
  /// 0: any free port, printed at start.
  std::uint16_t api_port = 0;
  std::uint32_t api_threads = 1;
  /// `*` or `scheme://host[:port]`.
  std::vector<std::string> cors_origins;
  std::vector<Cidr> trusted_proxies;
  bool docs_enabled = true;
  std::chrono::minutes access_token_expire{0};
  std::chrono::days refresh_token_expire{0};
  std::uint32_t bcrypt_cost = 12;
  bool enable_auth = true;
  bool rate_limit_enabled = true;
  std::map<std::string, Rate> rate_limits;

  std::vector<Vendor> providers_prices;
  std::vector<Vendor> providers_quotes;
  std::vector<Vendor> providers_crypto;
  std::vector<Vendor> providers_news;
  std::filesystem::path file_dir;
  Secret polygon_api_key;
  Secret alpaca_key_id;
  Secret alpaca_secret_key;
  Secret openai_api_key;
  std::string openai_model;
  Secret news_api_key;
  std::vector<std::string> news_feeds;
  /// The whole URL is a credential.
  Secret alert_webhook_url;
  /// Signs what is sent there; empty: a key of our own making, kept in data_dir.
  Secret alert_webhook_secret;
  std::string polygon_base_url;
  std::string polygon_stream_url;
  std::string alpaca_data_base_url;
  std::string alpaca_trading_base_url;
  std::string alpaca_stream_url;
  /// Of shares: iex (free), sip or delayed_sip.
  std::string alpaca_feed;
  std::string yahoo_base_url;
  std::string openai_base_url;
  std::chrono::milliseconds provider_timeout{0};
  std::chrono::seconds cache_ttl{0};
  std::map<Vendor, Rate> provider_budgets;

  std::uint64_t sim_seed = 0;
  /// Simulated seconds a real second.
  double sim_speed = 1;
  SimSessions sim_sessions = SimSessions::Always;

  /// Whether `vendor` has the keys that it needs; vendors that need none always have.
  [[nodiscard]] bool has_keys(Vendor vendor) const noexcept;
};

}  // namespace ziggy::config
