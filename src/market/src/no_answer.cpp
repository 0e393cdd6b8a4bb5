#include "market_state.hpp"

namespace ziggy::market {

Error no_answer(const Refusals& refusals, const Symbol& symbol, std::string_view what) {
  if (refusals.is_unknown) {
    return {ErrorCode::UnknownSymbol, fmt::format("nobody knows {}", symbol.view())};
  }
  bool is_all_unknown = true;
  std::string reasons;
  std::vector<FieldError> fields;
  const auto name = [&](const Fallback& miss) {
    reasons += fmt::format("{}{}: {}, {}", reasons.empty() ? "" : "; ", miss.provider,
                           code_name(miss.code), miss.detail);
    fields.push_back({miss.provider, std::string{code_name(miss.code)}, miss.detail});
  };
  for (const Fallback& miss : refusals.misses) {
    if (miss.code == ErrorCode::Canceled) return {ErrorCode::Canceled, miss.detail};
    is_all_unknown = is_all_unknown && miss.code == ErrorCode::UnknownSymbol;
    name(miss);
  }
  for (const Fallback& skipped : refusals.skipped) {
    is_all_unknown = is_all_unknown && skipped.code == ErrorCode::Configuration;
    name(skipped);
  }
  if (is_all_unknown && refusals.unsupported > 0) {
    return {ErrorCode::NotFound, fmt::format("nobody has {} of {}", what, symbol.view())};
  }
  if (fields.empty()) {
    return {ErrorCode::NotSupported,
            fmt::format("no configured provider serves {} of {}", what, symbol.view())};
  }
  const bool is_late =
      !refusals.misses.empty() && refusals.misses.back().code == ErrorCode::DeadlineExceeded;
  return Error{is_late ? ErrorCode::DeadlineExceeded : ErrorCode::ProviderUnavailable,
               fmt::format("nobody gave {} of {}: {}", what, symbol.view(), reasons)}
      .with_fields(std::move(fields));
}

}  // namespace ziggy::market
