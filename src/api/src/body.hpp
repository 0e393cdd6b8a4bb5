#pragma once

#include <boost/json/object.hpp>
#include <initializer_list>
#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"
#include "ziggy/net/http.hpp"

namespace ziggy::api {

/// The body as one JSON object with none but `known` members. Errors: UnsupportedMediaType unless
/// it says application/json; MalformedRequest when it is no JSON object; ValidationFailed, naming
/// every unknown member.
[[nodiscard]] Result<boost::json::object> read_object(
    const net::Request& request, std::initializer_list<std::string_view> known);

/// A required member of at most `size_max` bytes. Errors: ValidationFailed on `name`.
[[nodiscard]] Result<std::string> text_member(const boost::json::object& object,
                                              std::string_view name, std::size_t size_max);

}  // namespace ziggy::api
