#include "body.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "ziggy/api/params.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::api {
namespace {

// Bodies nest as deep as an order's legs do; deeper ones are an attempt on the stack.
constexpr std::size_t kDepthMax = 16;

}  // namespace

Result<boost::json::object> read_object(const net::Request& request,
                                        std::initializer_list<std::string_view> known) {
  const std::string type = text::lower(request.header("content-type"));
  if (type.substr(0, type.find(';')) != "application/json") {
    return fail(ErrorCode::UnsupportedMediaType, "send the body as application/json");
  }
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code error;
  boost::json::value body = boost::json::parse({request.body.data(), request.body.size()}, error,
                                               boost::json::storage_ptr{}, options);
  if (error || !body.is_object()) {
    return fail(ErrorCode::MalformedRequest, "the body is not one JSON object");
  }
  std::vector<FieldError> unknown;
  for (const auto& member : body.get_object()) {
    const std::string_view name{member.key().data(), member.key().size()};
    if (std::ranges::find(known, name) != known.end()) continue;
    unknown.push_back({log::redact(std::string{name.substr(0, 64)}), "unknown",
                       "this route does not know such a member"});
  }
  if (!unknown.empty()) return fail(invalid_fields(std::move(unknown)));
  return std::move(body.get_object());
}

Result<std::string> text_member(const boost::json::object& object, std::string_view name,
                                std::size_t size_max) {
  const auto* const member = object.if_contains({name.data(), name.size()});
  if (member == nullptr) {
    return fail(invalid_fields({{std::string{name}, "required", "is missing"}}));
  }
  const auto* const text = member->if_string();
  if (text == nullptr || text->empty() || text->size() > size_max) {
    return fail(invalid_fields(
        {{std::string{name}, "invalid", fmt::format("is a text of 1 to {} bytes", size_max)}}));
  }
  return std::string{text->data(), text->size()};
}

}  // namespace ziggy::api
