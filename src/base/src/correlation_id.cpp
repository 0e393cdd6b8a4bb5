#include "ziggy/base/correlation_id.hpp"

#include <chrono>
#include <cstring>

#include "ziggy/base/id.hpp"

namespace ziggy {

namespace {

bool allowed(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

CorrelationId CorrelationId::make() {
  // The time inside only makes ids sort; no decision depends on it, so it needs no Clock.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto text =
      make_uuid_v7(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  CorrelationId id;
  std::memcpy(id.text_.data(), text.data(), text.size());
  id.size_ = static_cast<std::uint8_t>(text.size());
  return id;
}

std::optional<CorrelationId> CorrelationId::parse(std::string_view text) noexcept {
  if (text.empty() || text.size() > kSizeMax) return std::nullopt;
  for (const char c : text) {
    if (!allowed(c)) return std::nullopt;
  }
  CorrelationId id;
  std::memcpy(id.text_.data(), text.data(), text.size());
  id.size_ = static_cast<std::uint8_t>(text.size());
  return id;
}

}  // namespace ziggy
