#include "definitions.hpp"

#include <algorithm>
#include <array>

#include "parse.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::config {

namespace {

// The classes of routes that have a limit of their own; `default` is every other route.
constexpr std::string_view kRateClasses[] = {
    "auth_login", "auth_refresh", "market_quotes", "market_bars", "orders",
    "signals",    "news",         "screener",      "backtest",    "health",
    "admin",      "default",      "ws_connect",    "ws_messages"};
constexpr std::string_view kWeb[] = {"https", "http"};
constexpr std::string_view kSocket[] = {"wss", "ws"};
constexpr std::string_view kRedis[] = {"redis", "rediss"};

// The functions below make one `apply` a kind of value, for any member of Settings.

template <auto Member>
Result<> flag(Settings& settings, std::string_view text) {
  ZIGGY_TRY(value, parse_bool(text));
  settings.*Member = value;
  return {};
}

template <auto Member, std::int64_t Min, std::int64_t Max>
Result<> whole(Settings& settings, std::string_view text) {
  using Field = std::remove_reference_t<decltype(settings.*Member)>;
  ZIGGY_TRY(value, parse_whole(text, Min, Max));
  if constexpr (std::is_integral_v<Field>) {
    settings.*Member = static_cast<Field>(value);
  } else {
    settings.*Member = Field{value};
  }
  return {};
}

template <auto Member>
Result<> words(Settings& settings, std::string_view text) {
  settings.*Member = std::string{text};
  return {};
}

template <auto Member>
Result<> path(Settings& settings, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::ValidationFailed, "{} is not a path", in_quotes(text));
  }
  settings.*Member = std::filesystem::path{text};
  return {};
}

template <auto Member>
Result<> secret(Settings& settings, std::string_view text) {
  settings.*Member = Secret{std::string{text}};
  return {};
}

template <auto Member, const auto& Schemes>
Result<> secret_url(Settings& settings, std::string_view text) {
  ZIGGY_TRY(url, parse_url(text, Schemes));
  settings.*Member = Secret{url};
  return {};
}

template <auto Member, const auto& Schemes>
Result<> base_url(Settings& settings, std::string_view text) {
  ZIGGY_TRY(url, parse_url(text, Schemes));
  while (url.ends_with('/')) url.pop_back();
  settings.*Member = url;
  return {};
}

template <auto Member, auto Parse>
Result<> list(Settings& settings, std::string_view text) {
  auto& values = settings.*Member;
  values.clear();
  for (const std::string_view part : text::split_list(text)) {
    ZIGGY_TRY(value, Parse(part));
    values.push_back(std::move(value));
  }
  return {};
}

template <auto Member>
Result<> chain(Settings& settings, std::string_view text) {
  ZIGGY_TRY(vendors, parse_chain(text));
  settings.*Member = std::move(vendors);
  return {};
}

Result<std::string> parse_feed(std::string_view text) { return parse_url(text, kWeb); }

Result<> environment(Settings& settings, std::string_view text) {
  static constexpr std::string_view kNames[] = {"development", "staging", "production"};
  ZIGGY_TRY(index, parse_choice(text, kNames));
  settings.environment = static_cast<Environment>(index);
  return {};
}

Result<> log_format(Settings& settings, std::string_view text) {
  static constexpr std::string_view kNames[] = {"json", "console", "auto"};
  ZIGGY_TRY(index, parse_choice(text, kNames));
  settings.log_format = static_cast<log::Format>(index);
  return {};
}

Result<> sim_sessions(Settings& settings, std::string_view text) {
  static constexpr std::string_view kNames[] = {"always", "exchange"};
  ZIGGY_TRY(index, parse_choice(text, kNames));
  settings.sim_sessions = static_cast<SimSessions>(index);
  return {};
}

Result<> alpaca_feed(Settings& settings, std::string_view text) {
  static constexpr std::string_view kNames[] = {"iex", "sip", "delayed_sip"};
  ZIGGY_TRY(index, parse_choice(text, kNames));
  settings.alpaca_feed = kNames[index];
  return {};
}

Result<log::Level> parse_log_level(std::string_view text) {
  static constexpr std::string_view kNames[] = {"trace", "debug",    "info", "warning",
                                                "error", "critical", "off"};
  if (auto level = log::parse_level(text)) return *level;
  return fail(ErrorCode::ValidationFailed, "{} is not a log level{}", in_quotes(text),
              did_you_mean(text::lower(text), kNames));
}

Result<> log_level(Settings& settings, std::string_view text) {
  ZIGGY_TRY(level, parse_log_level(text));
  settings.log_level = level;
  return {};
}

Result<> log_levels(Settings& settings, std::string_view text) {
  ZIGGY_TRY(pairs, parse_pairs(text));
  settings.log_levels.clear();
  for (const auto& [name, word] : pairs) {
    ZIGGY_TRY(level, parse_log_level(word));
    settings.log_levels.emplace(name, level);
  }
  return {};
}

Result<> secret_keys(Settings& settings, std::string_view text) {
  settings.secret_keys.clear();
  for (const std::string_view key : text::split_list(text)) {
    settings.secret_keys.emplace_back(std::string{key});
  }
  return {};
}

Result<> database_url(Settings& settings, std::string_view text) {
  ZIGGY_TRY(url, parse_database_url(text));
  settings.database_url = Secret{url};
  return {};
}

Result<> api_host(Settings& settings, std::string_view text) {
  ZIGGY_TRY(host, parse_host(text));
  settings.api_host = host;
  return {};
}

Result<> rate_limits(Settings& settings, std::string_view text) {
  ZIGGY_TRY(pairs, parse_pairs(text));
  settings.rate_limits.clear();
  for (const auto& [name, word] : pairs) {
    if (std::ranges::find(kRateClasses, name) == std::end(kRateClasses)) {
      return fail(ErrorCode::ValidationFailed, "{} is not a class of routes{}", in_quotes(name),
                  did_you_mean(name, kRateClasses));
    }
    ZIGGY_TRY(rate, parse_rate(word));
    settings.rate_limits.emplace(name, rate);
  }
  return {};
}

Result<> provider_budgets(Settings& settings, std::string_view text) {
  ZIGGY_TRY(pairs, parse_pairs(text));
  settings.provider_budgets.clear();
  for (const auto& [name, word] : pairs) {
    ZIGGY_TRY(vendor, parse_vendor(name));
    ZIGGY_TRY(rate, parse_rate(word));
    if (!settings.provider_budgets.emplace(vendor, rate).second) {
      return fail(ErrorCode::ValidationFailed, "{} is named twice", in_quotes(vendor_name(vendor)));
    }
  }
  return {};
}

Result<> sim_speed(Settings& settings, std::string_view text) {
  ZIGGY_TRY(speed, parse_positive(text, 1'000'000));
  settings.sim_speed = speed;
  return {};
}

using S = Settings;
constexpr std::int64_t kAnyWhole = std::numeric_limits<std::int64_t>::max();

constexpr Definition kDefinitions[] = {
    {"ENV", Mask::None, "development", environment},
    {"DEBUG", Mask::None, "false", flag<&S::debug>},
    {"LOG_LEVEL", Mask::None, "", log_level},
    {"LOG_LEVELS", Mask::None, "", log_levels},
    {"LOG_FORMAT", Mask::None, "auto", log_format},
    {"SECRET_KEY", Mask::Whole, "", secret_keys},
    {"DATA_DIR", Mask::None, "./data", path<&S::data_dir>},
    {"DATABASE_URL", Mask::Urls, "", database_url},
    {"REDIS_URL", Mask::Urls, "", secret_url<&S::redis_url, kRedis>},
    {"API_HOST", Mask::None, "127.0.0.1", api_host},
    {"API_PORT", Mask::None, "8000", whole<&S::api_port, 0, 65535>},
    {"API_THREADS", Mask::None, "", whole<&S::api_threads, 1, 1024>},
    {"CORS_ORIGINS", Mask::None, "", list<&S::cors_origins, parse_origin>},
    {"TRUSTED_PROXIES", Mask::None, "", list<&S::trusted_proxies, parse_cidr>},
    {"DOCS_ENABLED", Mask::None, "", flag<&S::docs_enabled>},
    {"ACCESS_TOKEN_EXPIRE_MINUTES", Mask::None, "15", whole<&S::access_token_expire, 1, 1440>},
    {"REFRESH_TOKEN_EXPIRE_DAYS", Mask::None, "14", whole<&S::refresh_token_expire, 1, 365>},
    {"BCRYPT_COST", Mask::None, "12", whole<&S::bcrypt_cost, 4, 31>},
    {"ENABLE_AUTH", Mask::None, "true", flag<&S::enable_auth>},
    {"RATE_LIMIT_ENABLED", Mask::None, "true", flag<&S::rate_limit_enabled>},
    {"RATE_LIMITS", Mask::None, "", rate_limits},
    {"PROVIDERS_PRICES", Mask::None, "", chain<&S::providers_prices>},
    {"PROVIDERS_QUOTES", Mask::None, "", chain<&S::providers_quotes>},
    {"PROVIDERS_CRYPTO", Mask::None, "", chain<&S::providers_crypto>},
    {"PROVIDERS_NEWS", Mask::None, "", chain<&S::providers_news>},
    {"FILE_DIR", Mask::None, "", path<&S::file_dir>},
    {"POLYGON_API_KEY", Mask::Whole, "", secret<&S::polygon_api_key>},
    {"ALPACA_KEY_ID", Mask::Whole, "", secret<&S::alpaca_key_id>},
    {"ALPACA_SECRET_KEY", Mask::Whole, "", secret<&S::alpaca_secret_key>},
    {"OPENAI_API_KEY", Mask::Whole, "", secret<&S::openai_api_key>},
    {"OPENAI_MODEL", Mask::None, "gpt-4o-mini", words<&S::openai_model>},
    {"NEWS_API_KEY", Mask::Whole, "", secret<&S::news_api_key>},
    {"NEWS_FEEDS", Mask::Urls, "", list<&S::news_feeds, parse_feed>},
    {"ALERT_WEBHOOK_URL", Mask::Whole, "", secret_url<&S::alert_webhook_url, kWeb>},
    {"ALERT_WEBHOOK_SECRET", Mask::Whole, "", secret<&S::alert_webhook_secret>},
    {"POLYGON_BASE_URL", Mask::Urls, "https://api.polygon.io",
     base_url<&S::polygon_base_url, kWeb>},
    {"POLYGON_STREAM_URL", Mask::Urls, "wss://socket.polygon.io",
     base_url<&S::polygon_stream_url, kSocket>},
    {"ALPACA_DATA_BASE_URL", Mask::Urls, "https://data.alpaca.markets",
     base_url<&S::alpaca_data_base_url, kWeb>},
    {"ALPACA_TRADING_BASE_URL", Mask::Urls, "https://paper-api.alpaca.markets",
     base_url<&S::alpaca_trading_base_url, kWeb>},
    {"ALPACA_STREAM_URL", Mask::Urls, "wss://stream.data.alpaca.markets",
     base_url<&S::alpaca_stream_url, kSocket>},
    {"ALPACA_FEED", Mask::None, "iex", alpaca_feed},
    {"YAHOO_BASE_URL", Mask::Urls, "https://query1.finance.yahoo.com",
     base_url<&S::yahoo_base_url, kWeb>},
    {"OPENAI_BASE_URL", Mask::Urls, "https://api.openai.com/v1",
     base_url<&S::openai_base_url, kWeb>},
    {"PROVIDER_TIMEOUT_MS", Mask::None, "1500", whole<&S::provider_timeout, 1, 600'000>},
    {"CACHE_TTL_SECONDS", Mask::None, "5", whole<&S::cache_ttl, 0, 86'400>},
    {"PROVIDER_BUDGETS", Mask::None, "", provider_budgets},
    {"SIM_SEED", Mask::None, "1", whole<&S::sim_seed, 0, kAnyWhole>},
    {"SIM_SPEED", Mask::None, "1", sim_speed},
    {"SIM_SESSIONS", Mask::None, "always", sim_sessions},
};

constexpr auto kNames = [] {
  std::array<std::string_view, std::size(kDefinitions)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kDefinitions[i].name;
  return names;
}();

}  // namespace

std::span<const Definition> definitions() { return kDefinitions; }

const Definition* find_definition(std::string_view name) {
  const auto found = std::ranges::find(kDefinitions, name, &Definition::name);
  return found == std::end(kDefinitions) ? nullptr : found;
}

std::span<const std::string_view> setting_names() { return kNames; }

}  // namespace ziggy::config
