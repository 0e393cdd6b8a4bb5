#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace ziggy::golden {

/// Holds a JSON answer to a schema of the API: types, required members, and no member that the
/// schema does not describe. Knows the part of JSON Schema that those schemas use. Returns the
/// first fault, or an empty string.
[[nodiscard]] std::string check_schema(std::string_view schema, const boost::json::value& answer);

}  // namespace ziggy::golden
