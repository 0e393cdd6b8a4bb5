#include "ziggy/api/problem.hpp"

#include <fmt/format.h>

#include <array>

#include "ziggy/api/json.hpp"
#include "ziggy/api/status.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/router.hpp"

namespace ziggy::api {
namespace {

constexpr log::Logger kLog{"api"};
constexpr std::size_t kInstanceMax = 512;

// Why a source gave nothing, in our words.
std::string_view reason_of(std::string_view code) {
  struct Reason {
    ErrorCode code;
    std::string_view words;
  };
  static constexpr std::array kReasons{
      Reason{ErrorCode::ProviderUnavailable, "It could not be reached, or failed."},
      Reason{ErrorCode::ProviderTimeout, "It did not answer in time."},
      Reason{ErrorCode::ProviderQuota, "No more requests to it are allowed for now."},
      Reason{ErrorCode::NotEntitled, "Our plan there does not include this."},
      Reason{ErrorCode::CredentialsRejected, "It refuses our key."},
      Reason{ErrorCode::BadPayload, "Its answer could not be used."},
      Reason{ErrorCode::NoData, "It has no data for this."},
      Reason{ErrorCode::UnknownSymbol, "It does not know the symbol."},
      Reason{ErrorCode::CircuitOpen, "It failed too often and is not asked for now."},
      Reason{ErrorCode::Configuration, "It is not configured."},
      Reason{ErrorCode::DeadlineExceeded, "There was no time left to ask it."},
  };
  for (const Reason& reason : kReasons) {
    if (code == code_name(reason.code)) return reason.words;
  }
  return "It gave no answer.";
}

bool names_sources(const PublicError& shown, const Error& error) {
  return shown.code == "provider_unavailable" && !error.fields().empty();
}

}  // namespace

// For provider_unavailable the fields are the sources asked: their names and codes are ours, their
// prose is a vendor's and stays in the log.
std::string public_detail(const Error& error) {
  const PublicError& shown = public_error(error.code());
  if (shown.status < 500) {
    return log::redact(error.detail().empty() ? std::string{shown.title} : error.detail());
  }
  if (!names_sources(shown, error)) return std::string{shown.detail};
  std::string detail = "No source could answer: ";
  for (const FieldError& reason : error.fields()) {
    if (&reason != &error.fields().front()) detail += ", ";
    detail += fmt::format("{} ({})", reason.field, reason.code);
  }
  return detail + '.';
}

void render_problem(const Error& error, const net::Request& request, net::Response& response) {
  const PublicError& shown = public_error(error.code());
  if (shown.status >= 500) {
    kLog.error(request.call, "request_failed",
               {{"code", code_name(error.code())},
                {"status", shown.status},
                {"route", request.route != nullptr ? std::string_view{request.route->pattern} : ""},
                {"cause", error.detail()}});
  }
  write_problem(error, request, response);
}

void write_problem(const Error& error, const net::Request& request, net::Response& response) {
  const PublicError& shown = public_error(error.code());
  response.status = shown.status;
  response.content_type = "application/problem+json";
  response.shared = nullptr;
  response.cache = net::CachePolicy::NoStore;
  response.body.clear();
  JsonOut out{response.body};
  out.begin_object()
      .field("type", fmt::format("/docs#{}", shown.code))
      .field("title", shown.title)
      .field("status", shown.status)
      .field("detail", public_detail(error))
      .field("instance", log::redact(std::string{request.path}).substr(0, kInstanceMax))
      .field("code", shown.code)
      .field("correlation_id", request.call.correlation_id.view());
  const bool is_about_sources = names_sources(shown, error);
  if (shown.status == 422 || is_about_sources) {
    out.key("errors").begin_array();
    for (const FieldError& field : error.fields()) {
      out.begin_object()
          .field("field", log::redact(field.field))
          .field("code", field.code)
          .field("message",
                 is_about_sources ? std::string{reason_of(field.code)} : log::redact(field.message))
          .end_object();
    }
    out.end_array();
  }
  if (const auto wait = error.retry_after()) {
    out.field("retry_after", wait->count());
    response.headers.push_back({"Retry-After", std::to_string(wait->count())});
  }
  out.end_object();
}

net::Response problem_response(const Error& error, const net::Request& request) {
  net::Response response;
  render_problem(error, request, response);
  return response;
}

}  // namespace ziggy::api
