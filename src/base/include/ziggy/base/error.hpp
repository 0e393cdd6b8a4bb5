#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ziggy {

/// What went wrong, as callers branch on it. `api` alone maps a code to an HTTP status.
enum class ErrorCode : std::uint8_t {
  MalformedRequest,
  Unauthenticated,
  Forbidden,
  NotFound,
  UnknownSymbol,
  MethodNotAllowed,
  Conflict,
  IdempotencyMismatch,
  PayloadTooLarge,
  UnsupportedMediaType,
  ValidationFailed,
  InsufficientFunds,
  RiskRejected,
  MarketClosed,
  TradingHalted,
  RateLimited,
  HeadersTooLarge,
  Internal,
  NotSupported,
  ProviderUnavailable,
  ProviderTimeout,
  ProviderQuota,
  NotEntitled,
  BadPayload,
  /// A vendor refuses our key (its 401): nobody's answer is wrong, the settings are.
  CredentialsRejected,
  /// A vendor has nothing where something should be.
  NoData,
  CircuitOpen,
  StorageUnavailable,
  Draining,
  DeadlineExceeded,
  Configuration,
  Canceled,
};

/// The stable name of a code on the wire and in logs: `unknown_symbol`.
[[nodiscard]] std::string_view code_name(ErrorCode code) noexcept;

/// One wrong field of an input; `code` is stable, `message` is for people.
struct FieldError {
  std::string field;
  std::string code;
  std::string message;
};

/// A failure as a value. `detail` is one sentence for people; callers never branch on it. For codes
/// that become a 5xx the client never sees it: it goes to the log.
class Error {
 public:
  Error(ErrorCode code, std::string detail) : code_{code}, detail_{std::move(detail)} {}

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
  [[nodiscard]] const std::vector<FieldError>& fields() const noexcept { return fields_; }
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const noexcept {
    return retry_after_;
  }

  Error&& with_fields(std::vector<FieldError> fields) && {
    fields_ = std::move(fields);
    return std::move(*this);
  }
  Error&& with_retry_after(std::chrono::seconds wait) && {
    retry_after_ = wait;
    return std::move(*this);
  }

 private:
  ErrorCode code_;
  std::string detail_;
  std::vector<FieldError> fields_;
  std::optional<std::chrono::seconds> retry_after_;
};

}  // namespace ziggy
