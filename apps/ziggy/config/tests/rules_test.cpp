#include <gtest/gtest.h>

#include "support.hpp"

namespace ziggy::config {
namespace {

using namespace testing;
using Texts = std::vector<std::string>;

constexpr const char* kGoodKey = "q8Zr2LxW5tYv9BnM3kPd7HsJ4gFc6AeU";

TEST(Rules, EveryMalformedValueIsNamedAtOnce) {
  const auto check = [](std::string_view name, std::string_view text) {
    EXPECT_EQ(problems_of(with_environment({{std::string{name}, std::string{text}}})),
              Texts{std::string{name} + " malformed"})
        << text;
  };
  for (const char* port : {"eighty", "-1", "65536", "80 80", "0x50", "1e3"})
    check("API_PORT", port);
  for (const char* list : {"10.0.0.0/33", "10.0.0.1/8", "::/129", "host", "10.0.0.0/", "1.2.3"}) {
    check("TRUSTED_PROXIES", list);
  }
  for (const char* origin :
       {"example.com", "https://a/path", "ftp://a", "https://u@a", "null", "https://"}) {
    check("CORS_ORIGINS", origin);
  }
  for (const char* url : {"http://", "api.polygon.io", "ftp://x", "http://a b", "https://a:0"}) {
    check("POLYGON_BASE_URL", url);
  }
  for (const char* url : {"sqlite:///", "mysql://a/b", "sqlite:relative", "postgresql://", "x"}) {
    check("DATABASE_URL", url);
  }
  for (const char* budget :
       {"polygon", "polygon=5", "polygon=0/minute", "nobody=5/minute", "polygon=5/fortnight",
        "sim=1/day,sim=2/day", "yahoo=1/day,yfinance=2/day"}) {
    check("PROVIDER_BUDGETS", budget);
  }
  for (const char* chain : {"polygn", ",", "yahoo,yfinance", "sim sim"})
    check("PROVIDERS_QUOTES", chain);
  for (const char* limits : {"order=1/minute", "orders=many/minute"}) check("RATE_LIMITS", limits);
  check("ENV", "prod");
  check("DEBUG", "maybe");
  check("LOG_LEVEL", "loud");
  check("LOG_LEVELS", "net=loud");
  check("LOG_FORMAT", "xml");
  check("API_THREADS", "0");
  check("BCRYPT_COST", "3");
  check("REDIS_URL", "http://x");
  check("ALERT_WEBHOOK_URL", "x");
  check("SIM_SPEED", "0");
  check("SIM_SPEED", "nan");
  check("SIM_SESSIONS", "never");
  check("PROVIDER_TIMEOUT_MS", "0");
  check("API_HOST", "example.com");

  const Sources many = with_environment({{"API_PORT", "x"}, {"ENV", "y"}, {"SIM_SEED", "-1"}});
  EXPECT_EQ(problems_of(many),
            (Texts{"ENV malformed", "API_PORT malformed", "SIM_SEED malformed"}));
}

TEST(Rules, AnUnknownVendorComesWithTheNearestName) {
  EXPECT_TRUE(contains(problem_text(with_environment({{"PROVIDERS_PRICES", "sim,polygn"}})),
                       "did you mean 'polygon'?"));
}

TEST(Rules, ProductionNamesEveryProblemAtOnce) {
  Sources sources =
      with_environment({{"ENV", "production"},
                        {"DEBUG", "true"},
                        {"ENABLE_AUTH", "false"},
                        {"CORS_ORIGINS", "*"},
                        {"BCRYPT_COST", "4"},
                        {"SECRET_KEY", "short,your-secret-key-here-and-some-more-text"},
                        {"PROVIDERS_PRICES", "polygon,yahoo"},
                        {"PROVIDERS_NEWS", "alpaca"}});
  sources.demo = true;
  EXPECT_EQ(
      problems_of(sources),
      (Texts{"SECRET_KEY insecure", "SECRET_KEY insecure", "DEBUG insecure", "--demo insecure",
             "CORS_ORIGINS insecure", "BCRYPT_COST insecure", "PROVIDERS_PRICES insecure",
             "PROVIDERS_NEWS insecure", "ENABLE_AUTH insecure"}));
  EXPECT_EQ(problems_of(with_environment({{"ENV", "production"}})), Texts{"SECRET_KEY insecure"});
  for (const char* key :
       {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "changeme-changeme-changeme-changeme"}) {
    EXPECT_EQ(problems_of(with_environment({{"ENV", "production"}, {"SECRET_KEY", key}})),
              Texts{"SECRET_KEY insecure"});
  }
}

TEST(Rules, ProductionStartsWithARealKeyAndHidesTheDocs) {
  const auto loaded = load(with_environment({{"ENV", "production"}, {"SECRET_KEY", kGoodKey}}));
  ASSERT_TRUE(loaded) << loaded.error().detail();
  EXPECT_FALSE(loaded->settings.docs_enabled);
}

TEST(Rules, OnlyDevelopmentMayGoWithoutAuthentication) {
  EXPECT_TRUE(load(with_environment({{"ENABLE_AUTH", "false"}})));
  EXPECT_EQ(problems_of(with_environment({{"ENV", "staging"}, {"ENABLE_AUTH", "false"}})),
            Texts{"ENABLE_AUTH insecure"});
}

TEST(Rules, NobodyButThisMachineIsServedUntilThereAreAccounts) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) {
    EXPECT_TRUE(load(with_environment({{"API_HOST", host}}))) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "192.168.1.1", "1270.0.1"}) {
    EXPECT_FALSE(load(with_environment({{"API_HOST", host}}))) << host;
  }
  EXPECT_TRUE(contains(problem_text(with_environment({{"API_HOST", "0.0.0.0"}})), "loopback"));
}

TEST(Rules, AChainWithoutKeysIsAWarningOutsideProduction) {
  const auto loaded = load(with_environment({{"PROVIDERS_QUOTES", "polygon,sim"}}));
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_TRUE(contains(loaded->warnings[0], "POLYGON_API_KEY"));
}

TEST(Rules, SecretsAndUnknownNamesAreRefusedOnTheCommandLine) {
  Sources sources;
  sources.command_line = {{"SECRET_KEY", "q8Zr2LxW5tYv9BnM"}, {"API_PROT", "1"}};
  EXPECT_EQ(problems_of(sources), (Texts{"SECRET_KEY insecure", "--set unknown"}));
  EXPECT_FALSE(contains(problem_text(sources), "q8Zr2LxW5tYv9BnM"));
  EXPECT_TRUE(contains(problem_text(sources), "API_PORT"));
}

}  // namespace
}  // namespace ziggy::config
