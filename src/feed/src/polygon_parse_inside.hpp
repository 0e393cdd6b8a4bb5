#pragma once

#include "vendor_json.hpp"
#include "ziggy/base/result.hpp"

namespace ziggy::feed {

/// A body of Polygon's with the state that it claims already judged.
[[nodiscard]] Result<JsonDocument> open_polygon(std::string_view body);
/// The `results` of a body; empty when it has none and says that this is so. Errors: BadPayload.
[[nodiscard]] Result<std::optional<simdjson::dom::array>> polygon_results(JsonValue root);
/// `next_url` as polygon_next_path() gives it.
[[nodiscard]] std::string polygon_next(JsonValue root);

}  // namespace ziggy::feed
