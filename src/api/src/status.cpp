#include "ziggy/api/status.hpp"

#include <array>

namespace ziggy::api {
namespace {

constexpr PublicError kInternal = {
    500, "internal", "Internal error",
    "Something broke on our side; the log has it under the correlation id."};
constexpr PublicError kProviderUnavailable = {503, "provider_unavailable", "No source answered",
                                              "No source of market data could answer now."};
constexpr PublicError kDraining = {503, "draining", "Shutting down",
                                   "This server is shutting down; ask again in a moment."};
constexpr PublicError kDeadline = {504, "deadline_exceeded", "Out of time",
                                   "The answer was not ready within the time limit of this route."};

}  // namespace

const PublicError& public_error(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::MalformedRequest: {
      static constexpr PublicError kError = {400, "malformed_request", "Malformed request", ""};
      return kError;
    }
    case ErrorCode::Unauthenticated: {
      static constexpr PublicError kError = {401, "unauthenticated", "Not signed in", ""};
      return kError;
    }
    case ErrorCode::Forbidden: {
      static constexpr PublicError kError = {403, "forbidden", "Not allowed", ""};
      return kError;
    }
    case ErrorCode::NotFound: {
      static constexpr PublicError kError = {404, "not_found", "Not found", ""};
      return kError;
    }
    case ErrorCode::UnknownSymbol: {
      static constexpr PublicError kError = {404, "unknown_symbol", "Unknown symbol", ""};
      return kError;
    }
    case ErrorCode::MethodNotAllowed: {
      static constexpr PublicError kError = {405, "method_not_allowed", "Method not allowed", ""};
      return kError;
    }
    case ErrorCode::Conflict: {
      static constexpr PublicError kError = {409, "conflict", "Conflict", ""};
      return kError;
    }
    case ErrorCode::IdempotencyMismatch: {
      static constexpr PublicError kError = {409, "idempotency_mismatch",
                                             "Idempotency key used for another request", ""};
      return kError;
    }
    case ErrorCode::PayloadTooLarge: {
      static constexpr PublicError kError = {413, "payload_too_large", "Body too large", ""};
      return kError;
    }
    case ErrorCode::UnsupportedMediaType: {
      static constexpr PublicError kError = {415, "unsupported_media_type",
                                             "Unsupported media type", ""};
      return kError;
    }
    case ErrorCode::ValidationFailed: {
      static constexpr PublicError kError = {422, "validation_failed", "Invalid input", ""};
      return kError;
    }
    case ErrorCode::InsufficientFunds: {
      static constexpr PublicError kError = {422, "insufficient_funds", "Insufficient funds", ""};
      return kError;
    }
    case ErrorCode::RiskRejected: {
      static constexpr PublicError kError = {422, "risk_rejected", "Rejected by a risk limit", ""};
      return kError;
    }
    case ErrorCode::MarketClosed: {
      static constexpr PublicError kError = {422, "market_closed", "Market closed", ""};
      return kError;
    }
    case ErrorCode::TradingHalted: {
      static constexpr PublicError kError = {423, "trading_halted", "Trading halted", ""};
      return kError;
    }
    case ErrorCode::RateLimited: {
      static constexpr PublicError kError = {429, "rate_limited", "Too many requests", ""};
      return kError;
    }
    case ErrorCode::HeadersTooLarge: {
      static constexpr PublicError kError = {431, "headers_too_large", "Headers too large", ""};
      return kError;
    }
    case ErrorCode::NotSupported: {
      static constexpr PublicError kError = {501, "not_supported", "Not supported",
                                             "No configured source supports this."};
      return kError;
    }
    case ErrorCode::ProviderUnavailable:
    case ErrorCode::ProviderTimeout:
    case ErrorCode::ProviderQuota:
    case ErrorCode::NotEntitled:
    case ErrorCode::BadPayload:
    case ErrorCode::CredentialsRejected:
    case ErrorCode::NoData:
      return kProviderUnavailable;
    case ErrorCode::CircuitOpen: {
      static constexpr PublicError kError = {
          503, "circuit_open", "Source suspended",
          "The source failed too often and is not asked for now."};
      return kError;
    }
    case ErrorCode::StorageUnavailable: {
      static constexpr PublicError kError = {503, "storage_unavailable", "Storage unavailable",
                                             "The database does not answer now."};
      return kError;
    }
    // Work is canceled when the caller has gone, who reads no answer, or when the server stops.
    case ErrorCode::Draining:
    case ErrorCode::Canceled:
      return kDraining;
    case ErrorCode::DeadlineExceeded:
      return kDeadline;
    case ErrorCode::Internal:
    case ErrorCode::Configuration:
      return kInternal;
  }
  return kInternal;
}

std::span<const ErrorCode> public_codes() noexcept {
  using enum ErrorCode;
  static constexpr std::array kCodes = {MalformedRequest, Unauthenticated,
                                        Forbidden,        NotFound,
                                        UnknownSymbol,    MethodNotAllowed,
                                        Conflict,         IdempotencyMismatch,
                                        PayloadTooLarge,  UnsupportedMediaType,
                                        ValidationFailed, InsufficientFunds,
                                        RiskRejected,     MarketClosed,
                                        TradingHalted,    RateLimited,
                                        HeadersTooLarge,  Internal,
                                        NotSupported,     ProviderUnavailable,
                                        CircuitOpen,      StorageUnavailable,
                                        Draining,         DeadlineExceeded};
  return kCodes;
}

}  // namespace ziggy::api
