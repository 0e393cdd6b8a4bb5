#pragma once

#include <charconv>
#include <string>
#include <vector>

#include "ziggy/api/params.hpp"

namespace ziggy::api {

/// `limit` and `cursor` as every list takes them.
inline constexpr std::int64_t kListLimitDefault = 100;
inline constexpr std::int64_t kListLimitMax = 1'000;
/// No cursor of ours is longer.
inline constexpr std::int64_t kCursorSizeMax = 64;

void add_list_params(std::vector<ParamSpec>& params);

[[nodiscard]] inline std::size_t list_limit(const Params& params) {
  return static_cast<std::size_t>(params.integer("limit").value_or(kListLimitDefault));
}

[[nodiscard]] inline Error wrong_cursor() {
  return invalid_fields({{"cursor", "invalid", "is not a cursor that this route gave"}});
}

/// A cursor is a letter and a number, opaque to clients. Errors: ValidationFailed on `cursor`.
[[nodiscard]] std::string make_cursor(char kind, std::int64_t position);
[[nodiscard]] Result<std::int64_t> read_cursor(char kind, std::string_view text);

/// Rows [begin, end) of a list that is in memory, and the cursor of the next page.
struct Page {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::optional<std::string> next_cursor;
};
/// Errors: ValidationFailed on `cursor`.
[[nodiscard]] Result<Page> page_of(std::size_t size, const Params& params);

/// Cuts rows that were asked for one beyond `limit`, so that one more means another page; the id of
/// the last one is then its cursor.
template <class Row>
[[nodiscard]] std::optional<std::string> cut_to_page(std::vector<Row>& rows, std::size_t limit) {
  if (rows.size() <= limit) return std::nullopt;
  rows.resize(limit);
  return rows.back().id;
}

}  // namespace ziggy::api
