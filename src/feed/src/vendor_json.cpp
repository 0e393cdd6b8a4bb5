#include "vendor_json.hpp"

#include <cmath>

#include "ziggy/base/text.hpp"

namespace ziggy::feed {

Result<JsonDocument> JsonDocument::parse(std::string_view vendor, std::string_view text) {
  const std::string_view inside = text::trim(text);
  if (inside.empty()) return fail(ErrorCode::BadPayload, "{}: the answer is empty", vendor);
  if (inside.front() == '<') {
    return fail(ErrorCode::BadPayload, "{}: the answer is a page, not JSON", vendor);
  }
  auto parser = std::make_unique<simdjson::dom::parser>();
  if (parser->allocate(text.size(), kJsonDepthMax) != simdjson::SUCCESS) {
    return fail(ErrorCode::BadPayload, "{}: the answer is too big to parse", vendor);
  }
  JsonValue root;
  const auto error = parser->parse(text.data(), text.size(), /*realloc_if_needed=*/true).get(root);
  if (error != simdjson::SUCCESS) {
    return fail(ErrorCode::BadPayload, "{}: the answer is cut off or no JSON ({})", vendor,
                simdjson::error_message(error));
  }
  return JsonDocument{std::move(parser), root};
}

std::optional<JsonValue> json_member(JsonValue value, std::string_view key) {
  simdjson::dom::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
  JsonValue member;
  if (object.at_key(key).get(member) != simdjson::SUCCESS || member.is_null()) return std::nullopt;
  return member;
}

std::optional<JsonValue> json_path(JsonValue value, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const auto next = json_member(value, key);
    if (!next) return std::nullopt;
    value = *next;
  }
  return value;
}

std::optional<simdjson::dom::array> json_array(JsonValue value) {
  simdjson::dom::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return std::nullopt;
  return array;
}

std::optional<simdjson::dom::array> json_array(JsonValue value, std::string_view key) {
  const auto member = json_member(value, key);
  return member ? json_array(*member) : std::nullopt;
}

std::optional<double> json_number(JsonValue value) {
  double number = 0;
  if (value.get_double().get(number) != simdjson::SUCCESS || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<double> json_number(JsonValue value, std::string_view key) {
  const auto member = json_member(value, key);
  return member ? json_number(*member) : std::nullopt;
}

std::optional<std::int64_t> json_integer(JsonValue value) {
  std::int64_t integer = 0;
  if (value.get_int64().get(integer) == simdjson::SUCCESS) return integer;
  const auto number = json_number(value);
  // 2^62: well inside what a double holds of an int64.
  if (!number || *number != std::trunc(*number) || std::abs(*number) > 4.6e18) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<std::int64_t> json_integer(JsonValue value, std::string_view key) {
  const auto member = json_member(value, key);
  return member ? json_integer(*member) : std::nullopt;
}

std::optional<std::string_view> json_text(JsonValue value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<std::string_view> json_text(JsonValue value, std::string_view key) {
  const auto member = json_member(value, key);
  return member ? json_text(*member) : std::nullopt;
}

std::optional<bool> json_bool(JsonValue value, std::string_view key) {
  const auto member = json_member(value, key);
  bool flag = false;
  if (!member || member->get_bool().get(flag) != simdjson::SUCCESS) return std::nullopt;
  return flag;
}

}  // namespace ziggy::feed
