#include "vendor_client.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace ziggy::feed {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow{std::chrono::sys_days{std::chrono::year{2025} / 2 / 16} + 12h};

class VendorClientTest : public testing::Test {
 protected:
  VendorClient make(RefineRefusal refine = {}) {
    return VendorClient{"acme",
                        "http://127.0.0.1:9/acme/",
                        http_,
                        clock_,
                        nullptr,
                        {Secret{"sesame-open"}},
                        std::move(refine)};
  }
  static net::ClientResponse response(int status, std::string body,
                                      std::string type = "application/json") {
    return {.status = status,
            .headers = {{"content-type", std::move(type)}},
            .body = std::move(body),
            .http_version = {},
            .effective_url = {}};
  }
  ManualClock clock_{kNow};
  net::HttpClient http_{clock_};
};

TEST_F(VendorClientTest, GivesEachStatusItsError) {
  const VendorClient client = make();
  const auto code = [&](int status, std::string body, std::string type = "application/json") {
    const auto judged = client.judge(response(status, std::move(body), std::move(type)));
    return judged ? ErrorCode::Internal : judged.error().code();
  };
  EXPECT_EQ(code(401, "{}"), ErrorCode::CredentialsRejected);
  EXPECT_EQ(code(403, "{}"), ErrorCode::NotEntitled);
  EXPECT_EQ(code(404, R"({"error":"gone"})"), ErrorCode::UnknownSymbol);
  EXPECT_EQ(code(404, ""), ErrorCode::UnknownSymbol);
  EXPECT_EQ(code(404, "<html>", "text/html"), ErrorCode::BadPayload);
  EXPECT_EQ(code(400, "{}"), ErrorCode::BadPayload);
  EXPECT_EQ(code(302, ""), ErrorCode::BadPayload);
  EXPECT_EQ(code(408, ""), ErrorCode::ProviderUnavailable);
  EXPECT_EQ(code(500, "{}"), ErrorCode::ProviderUnavailable);
  EXPECT_EQ(code(503, "<html>", "text/html"), ErrorCode::ProviderUnavailable);
  EXPECT_EQ(code(200, ""), ErrorCode::BadPayload);
  EXPECT_EQ(code(200, "  <!DOCTYPE html>"), ErrorCode::BadPayload);
  EXPECT_EQ(code(200, "{}", "text/html; charset=utf-8"), ErrorCode::BadPayload);
  EXPECT_EQ(code(200, "Will be right back"), ErrorCode::BadPayload);
  EXPECT_EQ(code(200, " {\"a\":1}", "application/json;charset=utf-8"), ErrorCode::Internal);
  EXPECT_EQ(code(200, "[]", "text/plain"), ErrorCode::Internal);
}

TEST_F(VendorClientTest, WaitsAsLongAsTheVendorSays) {
  const VendorClient client = make();
  auto refused = response(429, "Too Many Requests\r\n", "text/html");
  auto judged = client.judge(refused);
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().code(), ErrorCode::ProviderQuota);
  EXPECT_EQ(judged.error().retry_after(), kRetryAfterDefault);
  EXPECT_EQ(judged.error().detail(), "acme: 429 too many requests: Too Many Requests");

  refused.headers.push_back({"retry-after", "7"});
  judged = client.judge(refused);
  EXPECT_EQ(judged.error().retry_after(), 7s);

  EXPECT_EQ(retry_after_of("Sun, 16 Feb 2025 12:01:30 GMT", kNow), 90s);
  EXPECT_EQ(retry_after_of("Sun, 16 Feb 2025 11:00:00 GMT", kNow), 1s);
  EXPECT_EQ(retry_after_of("0", kNow), 1s);
  EXPECT_EQ(retry_after_of("0.5", kNow), 1s);
  EXPECT_EQ(retry_after_of("9999999999999", kNow), kRetryAfterMax);
  EXPECT_EQ(retry_after_of("Fri, 31 Dec 9999 23:59:59 GMT", kNow), kRetryAfterMax);
  EXPECT_EQ(retry_after_of("soon", kNow), kRetryAfterDefault);
  EXPECT_EQ(retry_after_of("", kNow), kRetryAfterDefault);
  EXPECT_EQ(retry_after_of("nan", kNow), kRetryAfterDefault);
  for (const std::string_view wrong :
       {"Sun, 31 Feb 2025 12:01:30 GMT", "Sun, 16 Fob 2025 12:01:30 GMT",
        "Sun, 16 Feb 2025 25:01:30 GMT", "Sun, 16 Feb 2025 12:01:30 CET", "2025-02-16T12:01:30Z"}) {
    EXPECT_FALSE(parse_http_date(wrong)) << wrong;
  }
}

TEST_F(VendorClientTest, QuotesTheVendorButNeverASecret) {
  const VendorClient client = make();
  const auto detail = [&](std::string body) {
    const auto judged = client.judge(response(403, std::move(body)));
    return judged.error().detail();
  };
  EXPECT_EQ(
      detail(R"({"chart":{"result":null,"error":{"code":"X","description":"no \u0007luck"}}})"),
      "acme: 403 not entitled: no  luck");
  EXPECT_EQ(detail(R"({"status":"ERROR","error":"exceeded"})"), "acme: 403 not entitled: exceeded");
  EXPECT_EQ(detail(R"({"message":"forbidden."})"), "acme: 403 not entitled: forbidden.");
  EXPECT_EQ(detail(R"({"message":"key sesame-open is not known"})"),
            "acme: 403 not entitled: key *** is not known");
  EXPECT_EQ(detail("<html>sesame-open</html>"), "acme: 403 not entitled");
  EXPECT_EQ(detail("{\"message\":\"cut"), "acme: 403 not entitled");
  EXPECT_LE(detail(R"({"message":")" + std::string(5000, 'x') + "\"}").size(),
            kVendorMessageMax + 40);
}

TEST_F(VendorClientTest, LetsTheVendorLookCloser) {
  const VendorClient client = make([](const VendorRefusal& refusal) -> std::optional<Error> {
    if (refusal.status != 422) return std::nullopt;
    return Error{ErrorCode::NotSupported, "acme: " + refusal.message};
  });
  const auto refined = client.judge(response(422, R"({"message":"no such interval"})"));
  ASSERT_FALSE(refined);
  EXPECT_EQ(refined.error().code(), ErrorCode::NotSupported);
  EXPECT_EQ(refined.error().detail(), "acme: no such interval");
  EXPECT_EQ(client.judge(response(401, "{}")).error().code(), ErrorCode::CredentialsRejected);
}

}  // namespace
}  // namespace ziggy::feed
