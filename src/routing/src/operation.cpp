#include "ziggy/routing/operation.hpp"

#include <utility>

namespace ziggy::routing {

std::string_view operation_name(Operation operation) noexcept {
  switch (operation) {
    case Operation::Bars:
      return "bars";
    case Operation::Quotes:
      return "quotes";
    case Operation::Crypto:
      return "crypto";
    case Operation::News:
      return "news";
    case Operation::Stream:
      return "stream";
  }
  std::unreachable();
}

std::optional<Operation> parse_operation(std::string_view name) noexcept {
  for (const Operation operation : kAllOperations) {
    if (operation_name(operation) == name) return operation;
  }
  return std::nullopt;
}

}  // namespace ziggy::routing
