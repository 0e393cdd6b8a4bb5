#include "ziggy/api/params.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/net/query.hpp"

namespace ziggy::api {
namespace {

// A refusal repeats what was asked, but not a whole page of it.
constexpr std::size_t kEchoMax = 40;

/// Secrets are taken out before the cut: a part of one would not be known.
std::string echo(std::string_view text) {
  const std::string shown = log::redact(std::string{text});
  return fmt::format("'{}{}'", std::string_view{shown}.substr(0, kEchoMax),
                     shown.size() > kEchoMax ? "…" : "");
}

/// A path may hold control characters only escaped, which are decoded here; a query likewise.
bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string unknown_message(std::string_view name, const std::vector<ParamSpec>& specs) {
  std::vector<std::string_view> known;
  for (const ParamSpec& spec : specs) {
    if (!spec.in_path) known.push_back(spec.name);
  }
  if (known.empty()) return "this route takes no query parameters";
  if (const auto near = text::nearest(name, known)) {
    return fmt::format("unknown parameter; did you mean '{}'?", *near);
  }
  return fmt::format("unknown parameter; this route has {}", fmt::join(known, ", "));
}

}  // namespace

Error invalid_fields(std::vector<FieldError> fields) {
  std::vector<std::string_view> names;
  names.reserve(fields.size());
  for (const FieldError& field : fields) names.push_back(field.field);
  auto detail = fields.size() == 1
                    ? fmt::format("{}: {}", fields.front().field, fields.front().message)
                    : fmt::format("{} fields are wrong: {}", fields.size(), fmt::join(names, ", "));
  return Error{ErrorCode::ValidationFailed, std::move(detail)}.with_fields(std::move(fields));
}

Result<Params::Value> Params::parse(const ParamSpec& spec, std::string_view text) {
  switch (spec.kind) {
    case ParamKind::Symbol: {
      ZIGGY_TRY(symbol, Symbol::parse(text));
      return symbol;
    }
    case ParamKind::SymbolList: {
      std::vector<Listed> listed;
      for (const std::string_view part : text::split_list(text)) {
        auto symbol = Symbol::parse(part);
        Listed entry{symbol ? std::string{symbol->view()} : std::string{part}, std::nullopt};
        if (symbol) entry.symbol = *symbol;
        const bool is_double =
            std::ranges::any_of(listed, [&](const Listed& l) { return l.text == entry.text; });
        if (!is_double) listed.push_back(std::move(entry));
      }
      if (listed.empty()) return fail(ErrorCode::ValidationFailed, "names no symbol");
      if (std::cmp_greater(listed.size(), spec.max)) {
        return fail(ErrorCode::ValidationFailed, "at most {} symbols, not {}", spec.max,
                    listed.size());
      }
      return listed;
    }
    case ParamKind::Interval: {
      ZIGGY_TRY(interval, parse_interval(text));
      return interval;
    }
    case ParamKind::Time: {
      ZIGGY_TRY(time, parse_rfc3339(text));
      return time;
    }
    case ParamKind::Integer: {
      const auto number = text::parse_int(text);
      if (!number || *number < spec.min || *number > spec.max) {
        return fail(ErrorCode::ValidationFailed, "must be a whole number from {} to {}, not {}",
                    spec.min, spec.max, echo(text));
      }
      return *number;
    }
    case ParamKind::Choice:
      if (std::ranges::find(spec.choices, text) == spec.choices.end()) {
        return fail(ErrorCode::ValidationFailed, "must be one of {}, not {}",
                    fmt::join(spec.choices, ", "), echo(text));
      }
      return std::string{text};
    case ParamKind::Text:
      if (std::cmp_greater(text.size(), spec.max)) {
        return fail(ErrorCode::ValidationFailed, "at most {} bytes, not {}", spec.max, text.size());
      }
      return std::string{text};
  }
  return fail(ErrorCode::Internal, "a parameter without a kind");
}

Result<Params> Params::read(const std::vector<ParamSpec>& specs, const net::Request& request) {
  ZIGGY_TRY(query, net::QueryParams::parse(request.query));
  Params params;
  std::vector<FieldError> wrong;
  const auto refuse = [&wrong](std::string_view field, std::string_view code, std::string message) {
    wrong.push_back({std::string{field}, std::string{code}, std::move(message)});
  };
  for (const ParamSpec& spec : specs) {
    const auto given =
        spec.in_path ? std::optional{request.param(spec.name)} : query.get(spec.name);
    if (!given) {
      if (spec.required) refuse(spec.name, "missing", "is required");
      continue;
    }
    if (!spec.in_path && query.count(spec.name) > 1) {
      refuse(spec.name, "repeated", "is given more than once");
      continue;
    }
    if (has_control(*given)) {
      refuse(spec.name, "invalid", "has a control character");
      continue;
    }
    auto value = parse(spec, *given);
    if (value) {
      params.values_.emplace_back(spec.name, *std::move(value));
    } else {
      refuse(spec.name, "invalid", value.error().detail());
    }
  }
  for (const auto& [name, value] : query.all()) {
    const bool is_known = std::ranges::any_of(
        specs, [&](const ParamSpec& spec) { return !spec.in_path && spec.name == name; });
    if (!is_known) refuse(name, "unknown", unknown_message(name, specs));
  }
  if (!wrong.empty()) return fail(invalid_fields(std::move(wrong)));
  return params;
}

}  // namespace ziggy::api
