#pragma once

#include <span>
#include <string_view>

#include "ziggy/base/error.hpp"

namespace ziggy::api {

/// What a client sees of an ErrorCode. Inner codes (a vendor's time-out, a wrong setting) have no
/// name outside and take the public code that fits.
struct PublicError {
  int status;
  /// The stable code of the contract: `unknown_symbol`.
  std::string_view code;
  std::string_view title;
  /// Said instead of the cause when the status is 5xx.
  std::string_view detail;
};

[[nodiscard]] const PublicError& public_error(ErrorCode code) noexcept;

/// Every public code once, ascending by status: for the reference.
[[nodiscard]] std::span<const ErrorCode> public_codes() noexcept;

}  // namespace ziggy::api
