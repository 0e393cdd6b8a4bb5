#include "yahoo_errors.hpp"

#include <string>

#include "ziggy/base/text.hpp"

namespace ziggy::feed {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// As recorded from Yahoo between 2021 and 2025.
ErrorCode code_of(std::string_view code, std::string_view description) {
  const std::string said = text::lower(description);
  const std::string kind = text::lower(code);
  if (has(said, "data doesn't exist") || has(said, "data does not exist")) return ErrorCode::NoData;
  if (has(said, "invalid crumb") || has(said, "invalid cookie") || kind == "unauthorized") {
    return ErrorCode::CredentialsRejected;
  }
  if (has(said, "too many requests") || has(kind, "too many requests")) {
    return ErrorCode::ProviderQuota;
  }
  if (has(kind, "not found") || has(said, "no data found") || has(said, "delisted")) {
    return ErrorCode::UnknownSymbol;
  }
  if (kind == "forbidden") return ErrorCode::NotEntitled;
  // "1m data not available for startTime=… The requested range must be within the last 30 days.",
  // "Invalid input - interval=4h is not supported."
  if (kind == "unprocessable entity" || kind == "bad request" || kind == "argument-error" ||
      has(said, "not supported") || has(said, "not available")) {
    return ErrorCode::NotSupported;
  }
  if (has(kind, "internal") || has(kind, "unavailable") || has(kind, "timeout")) {
    return ErrorCode::ProviderUnavailable;
  }
  return ErrorCode::BadPayload;
}

std::string quoted(std::string_view words) {
  std::string safe{words.substr(0, kVendorMessageMax)};
  for (char& c : safe) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return safe;
}

std::optional<Error> error_of(JsonValue value) {
  const auto error = json_member(value, "error");
  if (!error) return std::nullopt;
  if (const auto words = json_text(*error)) return yahoo_error("", *words);
  const std::string_view description = json_text(*error, "description").value_or("");
  return yahoo_error(json_text(*error, "code").value_or(""), description);
}

}  // namespace

Error yahoo_error(std::string_view code, std::string_view description) {
  const ErrorCode meaning = code_of(code, description);
  Error error{meaning,
              fmt::format("yahoo: {}{}{}", quoted(code),
                          code.empty() || description.empty() ? "" : ": ", quoted(description))};
  if (meaning != ErrorCode::ProviderQuota) return error;
  return std::move(error).with_retry_after(kRetryAfterDefault);
}

std::optional<Error> yahoo_error_in(JsonValue root, std::string_view wrapper) {
  for (const std::string_view name : {wrapper, std::string_view{"finance"}}) {
    if (const auto inside = json_member(root, name)) {
      if (auto error = error_of(*inside)) return error;
    }
  }
  return std::nullopt;
}

std::optional<Error> refine_yahoo(const VendorRefusal& refusal) {
  if (refusal.status < 400 || refusal.status >= 500) return std::nullopt;
  std::optional<Error> error;
  if (const auto document = JsonDocument::parse("yahoo", refusal.body)) {
    simdjson::dom::object wrappers;
    if (document->root().get_object().get(wrappers) == simdjson::SUCCESS) {
      for (const auto wrapper : wrappers) {
        if (!error) error = error_of(wrapper.value);
      }
    }
  } else if (!refusal.message.empty()) {
    // The old download route speaks plain text: "400 Bad Request: Data doesn't exist for …".
    if (code_of("", refusal.message) == ErrorCode::NoData) {
      error = yahoo_error("", refusal.message);
    }
  }
  if (!error) {
    if (refusal.status != 400 && refusal.status != 422) return std::nullopt;
    return Error{ErrorCode::NotSupported,
                 fmt::format("yahoo: {}{}{}", refusal.status, refusal.message.empty() ? "" : ": ",
                             refusal.message)};
  }
  // Unheard words do not outweigh a status that says enough.
  if (error->code() == ErrorCode::BadPayload) return std::nullopt;
  return error;
}

}  // namespace ziggy::feed
