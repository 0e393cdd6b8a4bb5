#include "paging.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ziggy/base/text.hpp"

namespace ziggy::api {

void add_list_params(std::vector<ParamSpec>& params) {
  params.push_back({.name = "limit",
                    .kind = ParamKind::Integer,
                    .description = "How many items at most.",
                    .fallback = std::to_string(kListLimitDefault),
                    .min = 1,
                    .max = kListLimitMax});
  params.push_back({.name = "cursor",
                    .kind = ParamKind::Text,
                    .description = "The `next_cursor` of the page before.",
                    .max = kCursorSizeMax});
}

std::string make_cursor(char kind, std::int64_t position) {
  return fmt::format("{}{}", kind, position);
}

Result<std::int64_t> read_cursor(char kind, std::string_view text) {
  if (text.empty() || text.front() != kind) return fail(wrong_cursor());
  const auto position = text::parse_int(text.substr(1));
  if (!position) return fail(wrong_cursor());
  return *position;
}

Result<Page> page_of(std::size_t size, const Params& params) {
  Page page;
  if (const auto cursor = params.text("cursor")) {
    ZIGGY_TRY(position, read_cursor('i', *cursor));
    if (position < 0 || std::cmp_greater(position, size)) return fail(wrong_cursor());
    page.begin = static_cast<std::size_t>(position);
  }
  page.end = std::min(size, page.begin + list_limit(params));
  if (page.end < size) page.next_cursor = make_cursor('i', static_cast<std::int64_t>(page.end));
  return page;
}

}  // namespace ziggy::api
