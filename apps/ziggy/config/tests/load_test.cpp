#include "ziggy/config/load.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>

#include "definitions.hpp"
#include "support.hpp"
#include "ziggy/config/show.hpp"
#include "ziggy/testing/reference_data.hpp"

namespace ziggy::config {
namespace {

using namespace testing;

TEST(Load, NothingSetGivesTheDocumentedDefaults) {
  const auto loaded = load({.cores = 3});
  ASSERT_TRUE(loaded) << loaded.error().detail();
  const Settings& settings = loaded->settings;
  EXPECT_EQ(settings.environment, Environment::Development);
  EXPECT_EQ(settings.api_host, "127.0.0.1");
  EXPECT_EQ(settings.api_port, 8000);
  EXPECT_EQ(settings.api_threads, 3U);
  EXPECT_EQ(settings.data_dir, "./data");
  EXPECT_EQ(settings.database_url.reveal(), "sqlite:///./data/ziggy.db");
  EXPECT_EQ(settings.file_dir, "./data/files");
  EXPECT_EQ(settings.access_token_expire, std::chrono::minutes{15});
  EXPECT_EQ(settings.refresh_token_expire, std::chrono::days{14});
  EXPECT_EQ(settings.provider_timeout, std::chrono::milliseconds{1500});
  EXPECT_EQ(settings.sim_sessions, SimSessions::Always);
  EXPECT_TRUE(settings.docs_enabled && settings.enable_auth && settings.rate_limit_enabled);
  EXPECT_EQ(settings.providers_quotes, std::vector{Vendor::Yahoo});
  EXPECT_FALSE(settings.log_level);
  EXPECT_TRUE(loaded->warnings.empty());
  EXPECT_EQ(loaded->values.size(), definitions().size());
}

TEST(Load, TheStrongestSourceWinsAndIsNamed) {
  Sources sources;
  sources.toml = TextFile{"ziggy.toml",
                          "api_port = 8001\nsim_seed = 1\nlog_level = \"info\"\nbcrypt_cost = 13"};
  sources.dotenv = TextFile{".env", "API_PORT=8002\nSIM_SEED=2\nLOG_LEVEL=debug"};
  sources.environment = {{"API_PORT", "8003"}, {"SIM_SEED", "3"}};
  sources.command_line = {{"api_port", "8004"}};
  const auto loaded = load(sources);
  ASSERT_TRUE(loaded) << loaded.error().detail();
  const auto check = [&](std::string_view name, std::string_view text, Source source,
                         std::string_view origin) {
    EXPECT_EQ(value_of(*loaded, name).text, text);
    EXPECT_EQ(value_of(*loaded, name).source, source);
    EXPECT_EQ(value_of(*loaded, name).origin, origin);
  };
  check("API_PORT", "8004", Source::CommandLine, "command line");
  check("SIM_SEED", "3", Source::Environment, "environment");
  check("LOG_LEVEL", "debug", Source::DotEnv, ".env line 3");
  check("BCRYPT_COST", "13", Source::Toml, "ziggy.toml line 4");
  check("API_HOST", "127.0.0.1", Source::Default, "default");
  EXPECT_EQ(loaded->settings.api_port, 8004);
  EXPECT_EQ(loaded->settings.bcrypt_cost, 13U);
}

TEST(Load, AnEmptyTextMeansTheDefaultAndHidesWeakerSources) {
  Sources sources;
  sources.dotenv = TextFile{".env", "API_PORT=8002\nPOLYGON_API_KEY=fromTheFile1\n"};
  sources.environment = {{"API_PORT", ""}, {"POLYGON_API_KEY", " "}};
  const auto loaded = load(sources);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.api_port, 8000);
  EXPECT_TRUE(loaded->settings.polygon_api_key.empty());
  EXPECT_EQ(value_of(*loaded, "API_PORT").source, Source::Default);
}

TEST(Load, ChainsFollowTheKeysThatAreThere) {
  const auto chain = [](Pairs pairs, bool demo = false) {
    Sources sources = with_environment(std::move(pairs));
    sources.demo = demo;
    const auto loaded = load(sources);
    EXPECT_TRUE(loaded);
    return loaded ? value_of(*loaded, "PROVIDERS_PRICES").text : "";
  };
  EXPECT_EQ(chain({}), "yahoo");
  EXPECT_EQ(chain({{"POLYGON_API_KEY", "aaaaaaa"}}), "polygon,yahoo");
  EXPECT_EQ(chain({{"ALPACA_KEY_ID", "aaaaaaa"}}), "yahoo") << "half a pair is no key";
  EXPECT_EQ(chain({{"ALPACA_KEY_ID", "aaaaaaa"}, {"ALPACA_SECRET_KEY", "bbbbbbb"}}),
            "alpaca,yahoo");
  EXPECT_EQ(chain({}, true), "sim,file");
  EXPECT_EQ(chain({{"PROVIDERS_PRICES", "file"}}, true), "file");
  const auto aliased = load(with_environment({{"PROVIDERS_QUOTES", "Sim, yfinance"}}));
  EXPECT_EQ(aliased->settings.providers_quotes, (std::vector{Vendor::Sim, Vendor::Yahoo}));
}

TEST(Load, ListsAndRatesBecomeValues) {
  const auto loaded =
      load(with_environment({{"CORS_ORIGINS", "https://a.example, http://localhost:3000"},
                             {"TRUSTED_PROXIES", "10.0.0.0/8,::1,192.168.1.7"},
                             {"RATE_LIMITS", "orders=60/minute,auth_login=5/hour"},
                             {"PROVIDER_BUDGETS", "polygon=5/minute,yfinance=1/second"},
                             {"LOG_LEVELS", "net=debug,store=ERROR"},
                             {"SECRET_KEY", "first-of-two-keys,second-of-two-keys"},
                             {"NEWS_FEEDS", "https://a/rss,https://b/atom"}}));
  ASSERT_TRUE(loaded) << loaded.error().detail();
  const Settings& settings = loaded->settings;
  EXPECT_EQ(settings.cors_origins.size(), 2U);
  ASSERT_EQ(settings.trusted_proxies.size(), 3U);
  std::array<std::uint8_t, 16> ten{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3};
  EXPECT_TRUE(settings.trusted_proxies[0].contains(ten));
  ten[12] = 11;
  EXPECT_FALSE(settings.trusted_proxies[0].contains(ten));
  EXPECT_EQ(settings.rate_limits.at("auth_login"), (Rate{5, std::chrono::hours{1}}));
  EXPECT_EQ(settings.provider_budgets.at(Vendor::Yahoo), (Rate{1, std::chrono::seconds{1}}));
  EXPECT_EQ(settings.log_levels.at("store"), log::Level::Error);
  EXPECT_EQ(settings.secret_keys.size(), 2U);
  EXPECT_EQ(settings.news_feeds.size(), 2U);
}

TEST(Load, UnknownKeysAreAWarningWithTheNearestName) {
  Sources sources;
  sources.toml = TextFile{"ziggy.toml", "api_prot = 1\nnothing_like_it_at_all = 2\n"};
  sources.dotenv = TextFile{".env", "LOG_LEVLE=info\n"};
  sources.environment = {
      {"DATABASE_URI", "x"}, {"PATH", "/bin"}, {"EDITOR", "vi"}, {"HOSTNAME", "h"}};
  const auto loaded = load(sources);
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 4U);
  EXPECT_TRUE(
      contains(loaded->warnings[0], "'api_prot' is not a setting (did you mean api_port?)"));
  EXPECT_FALSE(contains(loaded->warnings[1], "did you mean"));
  EXPECT_TRUE(contains(loaded->warnings[2], "LOG_LEVEL?"));
  EXPECT_TRUE(contains(loaded->warnings[3], "DATABASE_URL?"));
}

TEST(Docs, NameEverySettingOnceWithItsDefaultInTheSameOrder) {
  const std::string docs = ziggy::testing::read_file(ZIGGY_SOURCE_DIR "/docs/settings.md");
  std::size_t at = 0;
  for (const Definition& definition : definitions()) {
    const std::size_t row = docs.find("\n| " + std::string{definition.name} + " | ", at);
    ASSERT_NE(row, std::string::npos) << definition.name;
    const std::string text = docs.substr(row, docs.find('\n', row + 1) - row);
    if (!definition.fallback.empty()) {
      EXPECT_TRUE(contains(text, "`" + std::string{definition.fallback} + "`")) << text;
    }
    at = row;
  }
}

TEST(Show, JsonHasEverySettingOnceAndTheTableALineForEach) {
  const auto loaded = load(with_environment({{"OPENAI_MODEL", "two\nlines \"x\""}}));
  ASSERT_TRUE(loaded);
  const auto document = boost::json::parse(show_json(*loaded));
  EXPECT_EQ(document.at("settings").as_array().size(), definitions().size());
  const std::string table = show_table(*loaded);
  EXPECT_EQ(std::ranges::count(table, '\n'), static_cast<std::ptrdiff_t>(definitions().size()));
}

RC_GTEST_PROP(Load, AnyTextsAreTakenOrRefused,
              (const std::string& toml, const std::string& dotenv, const std::string& text)) {
  Sources sources;
  sources.toml = TextFile{"ziggy.toml", toml};
  sources.dotenv = TextFile{".env", dotenv};
  for (const std::string_view name : setting_names()) sources.environment.emplace_back(name, text);
  const auto loaded = load(sources);
  RC_ASSERT(loaded || !loaded.error().fields().empty());
}

}  // namespace
}  // namespace ziggy::config
