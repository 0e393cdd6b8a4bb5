#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace ziggy::standin {

/// Alpaca's other spelling of its messages: prices always as floats, times (`t`) as the timestamp
/// extension.
[[nodiscard]] std::string msgpack_of_json(const boost::json::value& value);
/// A client's command; nullopt when it is none.
[[nodiscard]] std::optional<boost::json::value> json_of_msgpack(std::string_view bytes);

}  // namespace ziggy::standin
