#include "ziggy/api/problem.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "ziggy/api/status.hpp"

namespace ziggy::api {
namespace {

net::Request request_for(std::string_view path) {
  net::Request request;
  request.path = path;
  request.call.correlation_id = *CorrelationId::parse("abc-1");
  return request;
}

TEST(Status, EveryCodeHasTheStatusAndTheNameOfTheContract) {
  const std::tuple<ErrorCode, int, std::string_view> rows[] = {
      {ErrorCode::MalformedRequest, 400, "malformed_request"},
      {ErrorCode::Unauthenticated, 401, "unauthenticated"},
      {ErrorCode::Forbidden, 403, "forbidden"},
      {ErrorCode::NotFound, 404, "not_found"},
      {ErrorCode::UnknownSymbol, 404, "unknown_symbol"},
      {ErrorCode::MethodNotAllowed, 405, "method_not_allowed"},
      {ErrorCode::Conflict, 409, "conflict"},
      {ErrorCode::IdempotencyMismatch, 409, "idempotency_mismatch"},
      {ErrorCode::PayloadTooLarge, 413, "payload_too_large"},
      {ErrorCode::UnsupportedMediaType, 415, "unsupported_media_type"},
      {ErrorCode::ValidationFailed, 422, "validation_failed"},
      {ErrorCode::InsufficientFunds, 422, "insufficient_funds"},
      {ErrorCode::RiskRejected, 422, "risk_rejected"},
      {ErrorCode::MarketClosed, 422, "market_closed"},
      {ErrorCode::TradingHalted, 423, "trading_halted"},
      {ErrorCode::RateLimited, 429, "rate_limited"},
      {ErrorCode::HeadersTooLarge, 431, "headers_too_large"},
      {ErrorCode::Internal, 500, "internal"},
      {ErrorCode::Configuration, 500, "internal"},
      {ErrorCode::NotSupported, 501, "not_supported"},
      {ErrorCode::ProviderUnavailable, 503, "provider_unavailable"},
      {ErrorCode::ProviderTimeout, 503, "provider_unavailable"},
      {ErrorCode::ProviderQuota, 503, "provider_unavailable"},
      {ErrorCode::NotEntitled, 503, "provider_unavailable"},
      {ErrorCode::BadPayload, 503, "provider_unavailable"},
      {ErrorCode::CircuitOpen, 503, "circuit_open"},
      {ErrorCode::StorageUnavailable, 503, "storage_unavailable"},
      {ErrorCode::Draining, 503, "draining"},
      {ErrorCode::Canceled, 503, "draining"},
      {ErrorCode::DeadlineExceeded, 504, "deadline_exceeded"},
  };
  for (const auto& [code, status, name] : rows) {
    EXPECT_EQ(public_error(code).status, status) << name;
    EXPECT_EQ(public_error(code).code, name);
    EXPECT_FALSE(public_error(code).title.empty()) << name;
    // What a client reads instead of the cause.
    EXPECT_EQ(public_error(code).detail.empty(), status < 500) << name;
  }
}

TEST(Problem, HasTheOneBodyOfAllErrors) {
  const auto response = problem_response({ErrorCode::UnknownSymbol, "nobody knows NOPE"},
                                         request_for("/api/v1/market/quotes/NOPE"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"/docs#unknown_symbol","title":"Unknown symbol","status":404,)"
            R"("detail":"nobody knows NOPE","instance":"/api/v1/market/quotes/NOPE",)"
            R"("code":"unknown_symbol","correlation_id":"abc-1"})");
}

TEST(Problem, NamesEveryWrongField) {
  const auto response = problem_response(
      Error{ErrorCode::ValidationFailed, "2 fields are wrong"}.with_fields(
          {{"limit", "invalid", "must be a \"number\""}, {"start", "missing", "is required"}}),
      request_for("/x"));
  EXPECT_EQ(response.status, 422);
  EXPECT_NE(response.body.find(R"("errors":[{"field":"limit","code":"invalid",)"
                               R"("message":"must be a \"number\""},{"field":"start")"),
            std::string::npos)
      << response.body;
}

TEST(Problem, A5xxNeverShowsItsCause) {
  for (const ErrorCode code :
       {ErrorCode::Internal, ErrorCode::Configuration, ErrorCode::StorageUnavailable,
        ErrorCode::ProviderTimeout, ErrorCode::DeadlineExceeded, ErrorCode::NotSupported}) {
    const auto response =
        problem_response(Error{code, "password=hunter2 at /var/lib/db.sqlite"}.with_fields(
                             {{"polygon", "timeout", "hunter2"}}),
                         request_for("/x"));
    EXPECT_GE(response.status, 500);
    EXPECT_EQ(response.body.find("hunter2"), std::string::npos) << response.body;
    EXPECT_EQ(response.body.find("sqlite"), std::string::npos) << response.body;
    EXPECT_NE(response.body.find(R"("correlation_id":"abc-1")"), std::string::npos);
  }
}

TEST(Problem, NamesTheSourcesThatDidNotAnswer) {
  const auto response = problem_response(
      Error{ErrorCode::ProviderUnavailable, "raw vendor text"}.with_fields(
          {{"polygon", "provider_quota", "secret words"}, {"yahoo", "provider_timeout", ""}}),
      request_for("/x"));
  EXPECT_NE(response.body.find(
                "No source could answer: polygon (provider_quota), yahoo (provider_timeout)."),
            std::string::npos)
      << response.body;
  EXPECT_NE(response.body.find(R"("errors":[{"field":"polygon","code":"provider_quota",)"
                               R"("message":"No more requests to it are allowed for now."},)"
                               R"({"field":"yahoo","code":"provider_timeout",)"
                               R"("message":"It did not answer in time."}])"),
            std::string::npos)
      << response.body;
  EXPECT_EQ(response.body.find("secret words"), std::string::npos);
}

TEST(Problem, SaysWhenToAskAgain) {
  const auto response = problem_response(
      Error{ErrorCode::RateLimited, "slow down"}.with_retry_after(std::chrono::seconds{12}),
      request_for("/x"));
  EXPECT_NE(response.body.find(R"("retry_after":12)"), std::string::npos);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].name, "Retry-After");
  EXPECT_EQ(response.headers[0].value, "12");
}

TEST(Problem, AnyPathGivesValidJson) {
  const auto response = problem_response({ErrorCode::NotFound, "x"},
                                         request_for("/a\"\\\x01\xff" + std::string(4000, 'b')));
  boost::system::error_code error;
  const auto body = boost::json::parse(response.body, error);
  ASSERT_FALSE(error);
  EXPECT_LT(body.at("instance").as_string().size(), 600U);
}

}  // namespace
}  // namespace ziggy::api
