#include "ziggy/resilience/verdict.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ziggy::resilience {

namespace {

constexpr std::string_view kOwnBudget = "own_budget";

}  // namespace

bool counts_as_failure(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::ProviderUnavailable:
    case ErrorCode::ProviderTimeout:
    case ErrorCode::BadPayload:
    case ErrorCode::StorageUnavailable:
    case ErrorCode::Internal:
      return true;
    default:
      return false;
  }
}

std::chrono::seconds whole_seconds(std::chrono::nanoseconds wait) noexcept {
  // Not ceil: adding a second to the longest wait there is would overflow.
  const auto whole = std::chrono::floor<std::chrono::seconds>(wait);
  return std::max(std::chrono::seconds{1}, whole == wait ? whole : whole + std::chrono::seconds{1});
}

Error own_budget_error(std::string_view budget, std::string_view why,
                       std::chrono::nanoseconds wait) {
  std::string detail = fmt::format("{}: own budget: {}", budget, why);
  return Error{ErrorCode::ProviderQuota, detail}
      .with_fields(
          {{.field = std::string{budget}, .code = std::string{kOwnBudget}, .message = detail}})
      .with_retry_after(whole_seconds(wait));
}

bool is_own_budget(const Error& error) noexcept {
  return error.code() == ErrorCode::ProviderQuota && !error.fields().empty() &&
         error.fields().front().code == kOwnBudget;
}

}  // namespace ziggy::resilience
