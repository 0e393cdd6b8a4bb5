#include "ziggy/standin/faults.hpp"

#include <array>

namespace ziggy::standin {

namespace {

constexpr std::array<std::string_view, 17> kFaultNames = {
    "delay",        "hang",           "trickle", "reset",     "refuse",           "status",
    "html",         "truncate",       "empty",   "duplicate", "out_of_order",     "stale",
    "wrong_symbol", "negative_price", "silent",  "drop",      "limit_connections"};
static_assert(kFaultNames.size() == static_cast<std::size_t>(FaultKind::LimitConnections) + 1);

}  // namespace

std::string_view vendor_name(Vendor vendor) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"yahoo", "polygon", "alpaca"};
  return kNames[static_cast<std::size_t>(vendor)];
}

std::string_view route_name(Route route) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"bars", "quotes", "reference", "session",
                                                      "stream"};
  return kNames[static_cast<std::size_t>(route)];
}

std::string_view fault_name(FaultKind kind) noexcept {
  return kFaultNames[static_cast<std::size_t>(kind)];
}

bool FaultStep::is_on(std::chrono::milliseconds since) const noexcept {
  if (since < at) return false;
  const auto into = every.count() > 0 ? (since - at) % every : since - at;
  if (lasts.count() > 0) return into < lasts;
  // Without an end a drop is one moment, which the board sees to; the rest stays.
  return kind != FaultKind::Drop;
}

std::string FaultStep::describe() const {
  std::string text = fmt::format("{} {}: {}", vendor ? vendor_name(*vendor) : "every vendor",
                                 route ? route_name(*route) : "everything", fault_name(kind));
  if (kind == FaultKind::Status) text += fmt::format(" {}", status);
  if (amount.count() > 0) text += fmt::format(" {} ms", amount.count());
  if (rate < 1) text += fmt::format(", {} of all", rate);
  return text;
}

}  // namespace ziggy::standin
