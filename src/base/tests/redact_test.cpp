#include "ziggy/base/redact.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ziggy/base/text.hpp"

namespace ziggy {
namespace {

std::string redact(std::string_view text, std::vector<std::string> secrets = {}) {
  std::vector<Secret> known;
  for (std::string& secret : secrets) known.emplace_back(std::move(secret));
  const Redactor redactor{known};
  const std::string out = redactor.redact(text);
  EXPECT_EQ(redactor.touches(text), out != text) << text;
  return out;
}

TEST(Redactor, MasksWhatLooksLikeACredentialAndNothingElse) {
  const auto check = [](std::string_view text, std::string_view expected) {
    EXPECT_EQ(redact(text), expected);
  };
  check("GET /api/v1/market/quotes/AAPL", "GET /api/v1/market/quotes/AAPL");
  check("Authorization: Bearer abcDEF123.-_~+/=", "Authorization: Bearer ***");
  check("authorization: basic dXNlcjpwYXNz", "authorization: basic ***");
  check("basic authentication, bearer of bad news", "basic authentication, bearer of bad news");
  check("the token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!", "the token ***!");
  check("key zk_0199aaBB_s3cr3tS3cr3t sent", "key *** sent");
  check("sk-proj-abcdefghijklmnop.", "***.");
  check("xxsk-T3BlbkFJabc", "***");
  check("?symbol=A&apiKey=abc123&x=1", "?symbol=A&apiKey=***&x=1");
  check("host=db password=hunter2 user=z", "host=db password=*** user=z");
  check(R"({"password": "hun ter2","a":1})", R"({"password": "***","a":1})");
  check(R"({\"access_token\":\"abc\"})", R"({\"access_token\":\"***"})");
  check("SECRET_KEY: is missing", "SECRET_KEY: is missing");
  check("secret: it is no assignment", "secret: it is no assignment");
  check("unexpected token at 3", "unexpected token at 3");
  check("postgresql://user:pa55@host/db", "postgresql://user:***@host/db");
  check("redis://:pa55@host", "redis://:***@host");
  check("mail me@example.com about http://host:80/a", "mail me@example.com about http://host:80/a");
  check("https://hooks.slack.com/services/T0/B0/xyz done", "https://hooks.slack.com/*** done");
  check("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "***");
  check("", "");
  check("zk_", "zk_");
}

TEST(Redactor, MasksKnownSecretsInEveryForm) {
  EXPECT_EQ(redact("a pa\"ss word b", {"pa\"ss word"}), "a *** b");
  EXPECT_EQ(redact(R"(a pa\"ss word b)", {"pa\"ss word"}), "a *** b");
  EXPECT_EQ(redact("a=pa%22ss%20word&b", {"pa\"ss word"}), "a=***&b");
  EXPECT_EQ(redact("xabcdefghijx", {"abcdef", "abcdefghij", "cdefghijx"}), "x***")
      << "overlapping secrets leave no rest of either";
  EXPECT_EQ(redact("abc abcde", {"abcde"}), "abc abcde") << "too short to be searched for";
}

RC_GTEST_PROP(Redactor, NoKnownSecretSurvivesInAnyText, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 6);
  std::vector<Secret> secrets;
  std::string text = *rc::gen::arbitrary<std::string>();
  for (std::size_t i = 0; i < count; ++i) {
    const auto size = *rc::gen::inRange<std::size_t>(Redactor::kSecretSizeMin, 40);
    const auto value = *rc::gen::container<std::string>(size, rc::gen::inRange<char>(33, 126));
    // Two stars side by side could be made by a mask and its neighbour.
    RC_PRE(value.find('*') == std::string::npos);
    secrets.emplace_back(value);
    text += value + *rc::gen::arbitrary<std::string>();
  }
  const Redactor redactor{secrets};
  const std::string out = redactor.redact(text);
  RC_ASSERT(redactor.touches(text));
  for (const Secret& secret : secrets) RC_ASSERT(out.find(secret.reveal()) == std::string::npos);
}

RC_GTEST_PROP(Redactor, AnyBytesAreTakenAndTextWithoutSecretsIsLeftAlone,
              (const std::vector<std::uint8_t>& bytes)) {
  const std::string text{bytes.begin(), bytes.end()};
  const Redactor redactor;
  if (!redactor.touches(text)) RC_ASSERT(redactor.redact(text) == text);
}

TEST(SecretKeys, AreKnownByTheirNameInAnyCase) {
  for (const std::string_view key :
       {"password", "db_password", "X-API-Key", "apiKey", "refresh_token", "Authorization",
        "SECRET_KEY", "set-cookie", "credentials"}) {
    EXPECT_TRUE(is_secret_key(key)) << key;
  }
  for (const std::string_view key :
       {"path", "status", "symbol", "key", "tok", "author", "passed", ""}) {
    EXPECT_FALSE(is_secret_key(key)) << key;
  }
}

}  // namespace
}  // namespace ziggy
