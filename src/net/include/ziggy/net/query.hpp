#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ziggy/base/result.hpp"

namespace ziggy::net {

/// Decodes %XX (and, for query strings, `+` as a space). Errors: MalformedRequest for a cut or
/// wrong escape and for an escaped NUL.
enum class Plus { IsPlus, IsSpace };
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, Plus plus);

/// Escapes everything but RFC 3986's unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// The parameters of a query string or a form body, decoded, in the order given.
class QueryParams {
 public:
  /// More than any route of Ziggy takes; past it somebody is fishing for quadratic work.
  static constexpr std::size_t kParamsMax = 64;

  /// `raw` is what follows the `?`. Errors: MalformedRequest for a wrong escape, invalid UTF-8 or
  /// more than kParamsMax parameters.
  [[nodiscard]] static Result<QueryParams> parse(std::string_view raw);

  /// The first value of `name`; nullopt when absent. An empty value is a value.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const noexcept {
    return params_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> params_;
};

/// True when every byte sequence is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace ziggy::net
