#pragma once

#include <fmt/core.h>

#include <expected>
#include <utility>

#include "ziggy/base/error.hpp"

namespace ziggy {

/// A value or the Error that stands in its place; for failures that are part of the job.
template <class T = void>
using Result = std::expected<T, Error>;

/// Returns a failure from a function that returns a Result.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string detail) {
  return std::unexpected<Error>{Error{code, std::move(detail)}};
}

template <class First, class... Rest>
[[nodiscard]] std::unexpected<Error> fail(ErrorCode code, fmt::format_string<First, Rest...> format,
                                          First&& first, Rest&&... rest) {
  return fail(code, fmt::format(format, std::forward<First>(first), std::forward<Rest>(rest)...));
}

[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>{std::move(error)};
}

}  // namespace ziggy

/// `ZIGGY_TRY(bars, read(symbol));` names the value of a Result, or returns its error.
#define ZIGGY_TRY(name, ...)                                                        \
  auto name##_or_error = (__VA_ARGS__);                                             \
  if (!name##_or_error) return std::unexpected{std::move(name##_or_error).error()}; \
  auto& name = *name##_or_error

/// The same inside a coroutine: `ZIGGY_CO_TRY(bars, co_await source.bars(request, call));`
#define ZIGGY_CO_TRY(name, ...)                                                        \
  auto name##_or_error = (__VA_ARGS__);                                                \
  if (!name##_or_error) co_return std::unexpected{std::move(name##_or_error).error()}; \
  auto& name = *name##_or_error
