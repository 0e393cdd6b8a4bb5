#include "ziggy/resilience/breaker_registry.hpp"

#include <functional>

namespace ziggy::resilience {

using std::chrono::milliseconds;

BreakerSettings preset_settings(Preset preset) noexcept {
  BreakerSettings settings;
  switch (preset) {
    case Preset::Provider:
      break;
    case Preset::Redis:
      // Everyone has a way without it, so it is given up quickly and tried again often.
      settings.consecutive_failures = 3;
      settings.slow_after = milliseconds{50};
      settings.open_for = milliseconds{1'000};
      settings.open_max = milliseconds{30'000};
      settings.probe_lease = milliseconds{2'000};
      settings.call_timeout = milliseconds{250};
      settings.timeout_code = ErrorCode::StorageUnavailable;
      break;
    case Preset::Stream:
      // A connection is one call: a few failures say all, and one success does.
      settings.minimum_calls = 3;
      settings.consecutive_failures = 3;
      settings.slow_rate = 2;
      settings.open_for = milliseconds{2'000};
      settings.open_max = milliseconds{120'000};
      settings.successes_to_close = 1;
      settings.probe_lease = milliseconds{30'000};
      settings.call_timeout = milliseconds{15'000};
      break;
  }
  return settings;
}

BreakerRegistry::BreakerRegistry(const Clock& clock, std::uint64_t seed)
    : clock_{clock}, seed_{seed} {}

Breaker& BreakerRegistry::get(std::string_view name, Preset preset) {
  return get(name, preset_settings(preset));
}

Breaker& BreakerRegistry::get(std::string_view name, const BreakerSettings& settings) {
  const std::lock_guard lock{mutex_};
  if (const auto found = breakers_.find(name); found != breakers_.end()) return *found->second;
  const std::uint64_t seed = seed_ ^ std::hash<std::string_view>{}(name);
  auto made = std::make_unique<Breaker>(std::string{name}, settings, clock_, seed);
  if (listener_) made->set_listener(listener_);
  return *breakers_.emplace(std::string{name}, std::move(made)).first->second;
}

Breaker* BreakerRegistry::find(std::string_view name) const {
  const std::lock_guard lock{mutex_};
  const auto found = breakers_.find(name);
  return found == breakers_.end() ? nullptr : found->second.get();
}

std::vector<BreakerStatus> BreakerRegistry::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<BreakerStatus> all;
  all.reserve(breakers_.size());
  for (const auto& [name, breaker] : breakers_) all.push_back(breaker->status());
  return all;
}

void BreakerRegistry::set_listener(BreakerListener listener) {
  const std::lock_guard lock{mutex_};
  listener_ = std::move(listener);
  for (const auto& [name, breaker] : breakers_) breaker->set_listener(listener_);
}

}  // namespace ziggy::resilience
