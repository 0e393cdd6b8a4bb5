#include "msgpack_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "ziggy/net/msgpack.hpp"

namespace ziggy::standin {

namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 8> kPrices = {"o", "h", "l", "c", "p", "bp", "ap", "vw"};
// Commands are two deep.
constexpr int kDepthMax = 4;

void write(net::MsgPackWriter& out, const json::value& value, std::string_view key) {
  switch (value.kind()) {
    case json::kind::null:
      out.nil();
      break;
    case json::kind::bool_:
      out.boolean(value.get_bool());
      break;
    case json::kind::int64:
      if (std::ranges::find(kPrices, key) != kPrices.end()) {
        out.number(static_cast<double>(value.get_int64()));
      } else {
        out.integer(value.get_int64());
      }
      break;
    case json::kind::uint64:
      out.unsigned_integer(value.get_uint64());
      break;
    case json::kind::double_:
      out.number(value.get_double());
      break;
    case json::kind::string: {
      const std::string_view text{value.get_string()};
      const auto time =
          key == "t" ? parse_rfc3339(text) : fail(ErrorCode::ValidationFailed, "no time");
      time ? out.timestamp(*time) : out.text(text);
      break;
    }
    case json::kind::array:
      out.array(static_cast<std::uint32_t>(value.get_array().size()));
      for (const json::value& each : value.get_array()) write(out, each, {});
      break;
    case json::kind::object:
      out.map(static_cast<std::uint32_t>(value.get_object().size()));
      for (const auto& [name, each] : value.get_object()) {
        out.text(std::string_view{name});
        write(out, each, std::string_view{name});
      }
      break;
  }
}

std::optional<json::value> read(net::MsgPackReader& in, int depth) {
  const auto token = in.next();
  if (!token || depth > kDepthMax) return std::nullopt;
  switch (token->type) {
    case net::MsgPackType::Str:
      return json::value(json::string_view{token->bytes.data(), token->bytes.size()});
    case net::MsgPackType::Int:
      return json::value(token->integer);
    case net::MsgPackType::Array: {
      json::array list;
      for (std::uint32_t i = 0; i < token->count; ++i) {
        auto each = read(in, depth + 1);
        if (!each) return std::nullopt;
        list.push_back(std::move(*each));
      }
      return json::value(std::move(list));
    }
    case net::MsgPackType::Map: {
      json::object map;
      for (std::uint32_t i = 0; i < token->count; ++i) {
        const auto key = read(in, depth + 1);
        auto each = key && key->is_string() ? read(in, depth + 1) : std::nullopt;
        if (!each) return std::nullopt;
        map[key->get_string()] = std::move(*each);
      }
      return json::value(std::move(map));
    }
    default:
      return json::value(nullptr);
  }
}

}  // namespace

std::string msgpack_of_json(const json::value& value) {
  net::MsgPackWriter out;
  write(out, value, {});
  return out.take();
}

std::optional<json::value> json_of_msgpack(std::string_view bytes) {
  net::MsgPackReader in{bytes};
  return read(in, 0);
}

}  // namespace ziggy::standin
