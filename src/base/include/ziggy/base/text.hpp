#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ziggy::text {

/// Without ASCII white space at both ends.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
/// ASCII case only, whatever the locale.
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// The parts between separators, trimmed; empty parts are dropped.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text, char separator = ',');

/// The whole text as a decimal number; nullopt for anything else (white space, a sign alone, NaN,
/// infinity, what does not fit).
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text) noexcept;
[[nodiscard]] std::optional<double> parse_double(std::string_view text) noexcept;

/// How many characters to insert, delete or replace to get from one word to the other
/// (Levenshtein).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate with the smallest edit distance to `word`, if that is at most a third of its
/// length (and at least one edit is allowed): for "did you mean".
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

/// Appends `text` as the inside of a JSON string: quotes, backslashes and control characters
/// escaped, invalid UTF-8 replaced by U+FFFD, so that any bytes give valid JSON.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace ziggy::text
