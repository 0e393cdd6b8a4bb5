#include "ziggy/base/error.hpp"

namespace ziggy {

std::string_view code_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::MalformedRequest:
      return "malformed_request";
    case ErrorCode::Unauthenticated:
      return "unauthenticated";
    case ErrorCode::Forbidden:
      return "forbidden";
    case ErrorCode::NotFound:
      return "not_found";
    case ErrorCode::UnknownSymbol:
      return "unknown_symbol";
    case ErrorCode::MethodNotAllowed:
      return "method_not_allowed";
    case ErrorCode::Conflict:
      return "conflict";
    case ErrorCode::IdempotencyMismatch:
      return "idempotency_mismatch";
    case ErrorCode::PayloadTooLarge:
      return "payload_too_large";
    case ErrorCode::UnsupportedMediaType:
      return "unsupported_media_type";
    case ErrorCode::ValidationFailed:
      return "validation_failed";
    case ErrorCode::InsufficientFunds:
      return "insufficient_funds";
    case ErrorCode::RiskRejected:
      return "risk_rejected";
    case ErrorCode::MarketClosed:
      return "market_closed";
    case ErrorCode::TradingHalted:
      return "trading_halted";
    case ErrorCode::RateLimited:
      return "rate_limited";
    case ErrorCode::HeadersTooLarge:
      return "headers_too_large";
    case ErrorCode::Internal:
      return "internal";
    case ErrorCode::NotSupported:
      return "not_supported";
    case ErrorCode::ProviderUnavailable:
      return "provider_unavailable";
    case ErrorCode::ProviderTimeout:
      return "provider_timeout";
    case ErrorCode::ProviderQuota:
      return "provider_quota";
    case ErrorCode::NotEntitled:
      return "not_entitled";
    case ErrorCode::BadPayload:
      return "bad_payload";
    case ErrorCode::CredentialsRejected:
      return "credentials_rejected";
    case ErrorCode::NoData:
      return "no_data";
    case ErrorCode::CircuitOpen:
      return "circuit_open";
    case ErrorCode::StorageUnavailable:
      return "storage_unavailable";
    case ErrorCode::Draining:
      return "draining";
    case ErrorCode::DeadlineExceeded:
      return "deadline_exceeded";
    case ErrorCode::Configuration:
      return "configuration";
    case ErrorCode::Canceled:
      return "canceled";
  }
  return "internal";
}

}  // namespace ziggy
