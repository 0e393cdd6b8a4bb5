#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"

/// Reading vendors' JSON: bounded in size and depth, liberal in what may be there or missing, never
/// throwing. All views point into the document.
namespace ziggy::feed {

using JsonValue = simdjson::dom::element;

/// Vendors' answers are at most a handful of levels deep; what is deeper wants to exhaust a stack.
inline constexpr std::size_t kJsonDepthMax = 64;

/// A parsed text with the memory that its values point into: about three times the text's size.
class JsonDocument {
 public:
  /// Errors: BadPayload, naming `vendor`, when the text is empty, HTML, cut off or no JSON.
  [[nodiscard]] static Result<JsonDocument> parse(std::string_view vendor, std::string_view text);

  [[nodiscard]] JsonValue root() const noexcept { return root_; }

 private:
  explicit JsonDocument(std::unique_ptr<simdjson::dom::parser> parser, JsonValue root)
      : parser_{std::move(parser)}, root_{root} {}

  std::unique_ptr<simdjson::dom::parser> parser_;
  JsonValue root_;
};

/// The member `key` of an object; nullopt when `value` is no object, the key is absent or null.
[[nodiscard]] std::optional<JsonValue> json_member(JsonValue value, std::string_view key);
/// A member of a member of …; nullopt as above.
[[nodiscard]] std::optional<JsonValue> json_path(JsonValue value,
                                                 std::initializer_list<std::string_view> keys);
/// An array; nullopt when `value` is none.
[[nodiscard]] std::optional<simdjson::dom::array> json_array(JsonValue value);
[[nodiscard]] std::optional<simdjson::dom::array> json_array(JsonValue value, std::string_view key);

/// A finite number, exactly as the nearest double; nullopt for anything else.
[[nodiscard]] std::optional<double> json_number(JsonValue value);
[[nodiscard]] std::optional<double> json_number(JsonValue value, std::string_view key);
/// A whole number; one written with a point (`1.0`) counts when it is whole and fits.
[[nodiscard]] std::optional<std::int64_t> json_integer(JsonValue value);
[[nodiscard]] std::optional<std::int64_t> json_integer(JsonValue value, std::string_view key);
/// A string's content.
[[nodiscard]] std::optional<std::string_view> json_text(JsonValue value);
[[nodiscard]] std::optional<std::string_view> json_text(JsonValue value, std::string_view key);
[[nodiscard]] std::optional<bool> json_bool(JsonValue value, std::string_view key);

}  // namespace ziggy::feed
