#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "catalogue.hpp"
#include "ziggy/base/assert.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::quant {
namespace {

using Given = std::map<std::string, double, std::less<>>;

template <class Specs>
std::string hint(std::string_view word, const Specs& specs) {
  std::vector<std::string_view> names;
  std::string known;
  for (const auto& spec : specs) {
    names.push_back(spec.name);
    known += fmt::format("{}{}", known.empty() ? "" : ", ", spec.name);
  }
  if (names.empty()) return "it has none";
  const auto nearest = text::nearest(word, names);
  return nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("known: {}", known);
}

std::string field_of(std::string_view parameter) { return fmt::format("params.{}", parameter); }

void check_one(const ParameterSpec& spec, double value, std::vector<FieldError>& faults) {
  if (!(value >= spec.minimum && value <= spec.maximum)) {  // NaN fails too
    faults.push_back(
        {field_of(spec.name), "out_of_range",
         fmt::format("{} must be {} to {}, not {}", spec.name, spec.minimum, spec.maximum, value)});
  } else if (spec.integer && std::floor(value) != value) {
    faults.push_back({field_of(spec.name), "not_an_integer",
                      fmt::format("{} must be a whole number, not {}", spec.name, value)});
  }
}

/// The pairs of parameters of which the first must be less.
void check_order(const StrategyCall& call, std::vector<FieldError>& faults) {
  const auto need_less = [&](std::string_view low, std::string_view high) {
    if (call.value(low) < call.value(high)) return;
    faults.push_back({field_of(low), "out_of_range",
                      fmt::format("{} must be less than {}, but {} is not less than {}", low, high,
                                  call.value(low), call.value(high))});
  };
  switch (detail::kind_of(call)) {
    case detail::Kind::SmaCross:
    case detail::Kind::Macd:
      return need_less("fast", "slow");
    case detail::Kind::RsiReversion:
      return need_less("oversold", "overbought");
    case detail::Kind::DonchianBreakout:
    case detail::Kind::BuyAndHold:
      return;
  }
}

Error refusal(std::vector<FieldError> faults) {
  std::string detail;
  for (const FieldError& fault : faults) {
    detail += fmt::format("{}{}", detail.empty() ? "" : "; ", fault.message);
  }
  return Error{ErrorCode::ValidationFailed, std::move(detail)}.with_fields(std::move(faults));
}

}  // namespace

std::span<const StrategySpec> strategies() noexcept { return detail::kCatalogue; }

double StrategyCall::value(std::string_view parameter) const noexcept {
  for (std::size_t i = 0; i < spec_->parameters.size(); ++i) {
    if (spec_->parameters[i].name == parameter) return values_[i];
  }
  ZIGGY_ASSERT(!"a parameter that the strategy has");
  return 0;
}

Result<StrategyCall> check_parameters(std::string_view strategy, const Given& given) {
  const auto spec = std::ranges::find(detail::kCatalogue, strategy, &StrategySpec::name);
  if (spec == detail::kCatalogue.end()) {
    return fail(refusal({{"strategy", "unknown_strategy",
                          fmt::format("there is no strategy '{}': {}", strategy,
                                      hint(strategy, detail::kCatalogue))}}));
  }
  StrategyCall call;
  call.spec_ = &*spec;
  for (std::size_t i = 0; i < spec->parameters.size(); ++i) {
    call.values_[i] = spec->parameters[i].initial;
  }
  std::vector<FieldError> faults;
  for (const auto& [name, value] : given) {
    const auto parameter = std::ranges::find(spec->parameters, name, &ParameterSpec::name);
    if (parameter == spec->parameters.end()) {
      faults.push_back({field_of(name), "unknown_parameter",
                        fmt::format("{} has no parameter '{}': {}", strategy, name,
                                    hint(name, spec->parameters))});
      continue;
    }
    check_one(*parameter, value, faults);
    call.values_[static_cast<std::size_t>(parameter - spec->parameters.begin())] = value;
  }
  if (faults.empty()) check_order(call, faults);
  if (!faults.empty()) return fail(refusal(std::move(faults)));
  return call;
}

}  // namespace ziggy::quant
