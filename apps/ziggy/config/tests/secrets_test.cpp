#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "definitions.hpp"
#include "support.hpp"
#include "ziggy/base/redact.hpp"
#include "ziggy/config/show.hpp"

namespace ziggy::config {
namespace {

using namespace testing;

/// Settings that are secrets, or hold one: the name and the text around the secret.
struct Place {
  const char* name;
  const char* before;
  const char* after;
};
constexpr Place kPlaces[] = {
    {"SECRET_KEY", "", ""},
    {"SECRET_KEY", "another-key-before-it,", ",and-one-behind"},
    {"POLYGON_API_KEY", "", ""},
    {"ALPACA_KEY_ID", "", ""},
    {"ALPACA_SECRET_KEY", "", ""},
    {"OPENAI_API_KEY", "", ""},
    {"NEWS_API_KEY", "", ""},
    {"DATABASE_URL", "postgresql://someone:", "@db/name"},
    {"DATABASE_URL", "postgresql://someone@db/name?password=", ""},
    {"DATABASE_URL", "no scheme://x:", "@host"},
    {"REDIS_URL", "redis://:", "@cache"},
    {"ALERT_WEBHOOK_URL", "https://hooks.example.com/services/", ""},
    {"OPENAI_BASE_URL", "https://me:", "@proxy/v1"},
    {"NEWS_FEEDS", "https://a/rss,https://b/rss?api_key=", ""},
};

std::string everything_said(const Sources& sources) {
  const auto loaded = load(sources);
  if (!loaded) {
    std::string out = loaded.error().detail();
    for (const FieldError& problem : loaded.error().fields())
      out += problem.field + problem.message;
    return out;
  }
  std::string out = show_table(*loaded) + show_json(*loaded);
  for (const std::string& warning : loaded->warnings) out += warning;
  // What the log and error bodies do with it.
  const Redactor redactor{loaded->secrets};
  for (const Value& value : loaded->values) out += redactor.redact("around " + value.text + " it");
  return out;
}

RC_GTEST_PROP(Secrets, AreNeverShownNorSaidEvenWhenOtherSettingsHoldThem, ()) {
  const auto letters =
      std::string{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"};
  const auto size = *rc::gen::inRange<std::size_t>(12, 48);
  const auto secret = *rc::gen::container<std::string>(size, rc::gen::elementOf(letters));
  const Place place =
      *rc::gen::elementOf(std::vector<Place>(std::begin(kPlaces), std::end(kPlaces)));
  const auto other = std::string{*rc::gen::elementOf(
      std::vector<std::string_view>(setting_names().begin(), setting_names().end()))};
  const bool in_file = *rc::gen::arbitrary<bool>();
  const bool production = *rc::gen::arbitrary<bool>();

  Sources sources;
  const std::string text = place.before + secret + place.after;
  if (in_file) {
    sources.dotenv = TextFile{".env", std::string{place.name} + "='" + text + "'\n"};
  } else {
    sources.environment.emplace_back(place.name, text);
  }
  // Another setting, an unknown one and a broken line hold it too.
  if (other != place.name) sources.command_line.emplace_back(other, "x" + secret);
  sources.toml = TextFile{"ziggy.toml", "api_prot = \"" + secret + "\"\n" + secret + "_x = 1\n"};
  if (production) sources.environment.emplace_back("ENV", "production");
  const std::string said = everything_said(sources);
  RC_LOG() << place.name << " and " << other;
  RC_ASSERT(said.find(secret) == std::string::npos);
}

TEST(Secrets, AreMaskedWholeAndUrlsOnlyWhereTheyHideSomething) {
  const auto loaded =
      load(with_environment({{"POLYGON_API_KEY", "abc"},
                             {"DATABASE_URL", "postgresql://me:p%40ssw0rd@db/x?sslmode=require"},
                             {"REDIS_URL", "redis://cache:6379/0"},
                             {"OPENAI_MODEL", "has p@ssw0rd inside"}}));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(value_of(*loaded, "POLYGON_API_KEY").shown, "***") << "short ones too, in their place";
  EXPECT_EQ(value_of(*loaded, "DATABASE_URL").shown, "postgresql://me:***@db/x?sslmode=require");
  EXPECT_EQ(value_of(*loaded, "REDIS_URL").shown, "redis://cache:6379/0");
  EXPECT_EQ(value_of(*loaded, "OPENAI_MODEL").shown, "has *** inside");
}

TEST(Secrets, OfWeakerSourcesAreKnownToo) {
  Sources sources;
  sources.dotenv = TextFile{".env", "NEWS_API_KEY=hiddenByTheStronger\n"};
  sources.environment = {{"NEWS_API_KEY", "theStrongerOne"},
                         {"OPENAI_MODEL", "hiddenByTheStronger"}};
  const auto loaded = load(sources);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(value_of(*loaded, "OPENAI_MODEL").shown, "***");
}

}  // namespace
}  // namespace ziggy::config
