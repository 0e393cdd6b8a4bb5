#include "schema_check.hpp"

#include <boost/json/parse.hpp>
#include <map>

#include "ziggy/api/route_spec.hpp"

namespace ziggy::golden {
namespace {

namespace json = boost::json;

const json::object& named(std::string_view name) {
  static const auto kAll = [] {
    std::map<std::string, json::value, std::less<>> all;
    for (const api::Schema& schema : api::schemas()) {
      all.emplace(schema.name,
                  json::parse(json::string_view{schema.json.data(), schema.json.size()}));
    }
    return all;
  }();
  return kAll.find(name)->second.as_object();
}

std::string_view kind_of(const json::value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return "boolean";
  if (value.is_string()) return "string";
  if (value.is_array()) return "array";
  if (value.is_object()) return "object";
  return value.is_double() ? "number" : "integer";
}

bool is_allowed(const json::value& types, std::string_view kind) {
  const auto fits = [kind](std::string_view type) {
    return type == kind || (type == "number" && kind == "integer");
  };
  if (types.is_string()) return fits(std::string_view{types.as_string()});
  for (const json::value& type : types.as_array()) {
    if (fits(std::string_view{type.as_string()})) return true;
  }
  return false;
}

std::string check(const json::object& schema, const json::value& value, const std::string& at);

std::string check_members(const json::object& schema, const json::object& value,
                          const std::string& at) {
  if (const auto* required = schema.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      if (!value.contains(name.as_string())) return at + " lacks " + std::string{name.as_string()};
    }
  }
  const auto* properties = schema.if_contains("properties");
  const auto* additional = schema.if_contains("additionalProperties");
  const bool is_open = properties == nullptr && additional == nullptr;
  for (const auto& [name, member] : value) {
    const std::string path = at + "." + std::string{name};
    const json::value* described =
        properties != nullptr ? properties->as_object().if_contains(name) : nullptr;
    if (described == nullptr && additional != nullptr && additional->is_object())
      described = additional;
    if (described == nullptr && is_open) continue;
    if (described == nullptr) return path + " is not described";
    if (auto fault = check(described->as_object(), member, path); !fault.empty()) return fault;
  }
  return {};
}

std::string check(const json::object& schema, const json::value& value, const std::string& at) {
  if (const auto* reference = schema.if_contains("$ref")) {
    const std::string_view name{reference->as_string()};
    return check(named(name.substr(name.rfind('/') + 1)), value, at);
  }
  if (const auto* types = schema.if_contains("type");
      types != nullptr && !is_allowed(*types, kind_of(value))) {
    return at + " is a " + std::string{kind_of(value)};
  }
  if (const auto* choices = schema.if_contains("enum")) {
    bool found = false;
    for (const json::value& choice : choices->as_array()) found = found || choice == value;
    if (!found) return at + " is none of the listed values";
  }
  if (value.is_object()) return check_members(schema, value.as_object(), at);
  const auto* items = schema.if_contains("items");
  if (value.is_array() && items != nullptr) {
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      auto fault =
          check(items->as_object(), value.as_array()[i], at + "[" + std::to_string(i) + "]");
      if (!fault.empty()) return fault;
    }
  }
  return {};
}

}  // namespace

std::string check_schema(std::string_view schema, const json::value& answer) {
  return check(named(schema), answer, std::string{schema});
}

}  // namespace ziggy::golden
