#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/base/time.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/net/http.hpp"

namespace ziggy::api {

enum class ParamKind : std::uint8_t { Symbol, SymbolList, Interval, Time, Integer, Choice, Text };

/// One parameter of a route, as the reference shows it and as requests are checked against it: one
/// description for both, so that they cannot disagree.
struct ParamSpec {
  std::string name;
  ParamKind kind = ParamKind::Text;
  std::string description = {};
  bool in_path = false;
  bool required = false;
  /// What holds when the parameter is absent, for the reference; empty when nothing does.
  std::string fallback = {};
  std::vector<std::string> choices = {};  ///< of a Choice
  std::int64_t min = 0;                   ///< of an Integer
  std::int64_t max =
      0;  ///< of an Integer; of a Text, the most bytes; of a SymbolList, the most symbols
};

/// The parameters of one request, checked.
class Params {
 public:
  /// Reads path and query by `specs`. Every fault is found at once: a value of the wrong form, a
  /// missing required parameter, one given twice, one that the route does not have (with the
  /// nearest known name). Errors: ValidationFailed with a field error for each; MalformedRequest
  /// for a query that cannot be decoded.
  [[nodiscard]] static Result<Params> read(const std::vector<ParamSpec>& specs,
                                           const net::Request& request);

  /// Each names a parameter of the matching kind; nullopt when it was not given.
  [[nodiscard]] std::optional<Symbol> symbol(std::string_view name) const {
    return get<Symbol>(name);
  }
  [[nodiscard]] std::optional<Interval> interval(std::string_view name) const {
    return get<Interval>(name);
  }
  [[nodiscard]] std::optional<Timestamp> time(std::string_view name) const {
    return get<Timestamp>(name);
  }
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const {
    return get<std::int64_t>(name);
  }
  /// Of a Text or a Choice.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const {
    return get<std::string>(name);
  }

  /// One entry of a SymbolList: what was asked and, when it is one, the symbol.
  struct Listed {
    std::string text;
    std::optional<Symbol> symbol;
  };
  /// In the order given, doubles dropped; empty when absent.
  [[nodiscard]] std::vector<Listed> symbols(std::string_view name) const {
    return get<std::vector<Listed>>(name).value_or(std::vector<Listed>{});
  }

 private:
  using Value =
      std::variant<Symbol, std::vector<Listed>, Interval, Timestamp, std::int64_t, std::string>;

  static Result<Value> parse(const ParamSpec& spec, std::string_view text);

  template <class T>
  std::optional<T> get(std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key == name) return std::get<T>(value);
    }
    return std::nullopt;
  }

  std::vector<std::pair<std::string_view, Value>> values_;  // the names are the specs'
};

/// "2 fields are wrong: start, limit" as a ValidationFailed with these fields; for checks that need
/// more than one parameter.
[[nodiscard]] Error invalid_fields(std::vector<FieldError> fields);

}  // namespace ziggy::api
