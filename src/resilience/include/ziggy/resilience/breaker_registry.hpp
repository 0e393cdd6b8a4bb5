#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ziggy/resilience/breaker.hpp"

namespace ziggy::resilience {

/// The kinds of dependency whose manners are known.
enum class Preset : std::uint8_t {
  /// A vendor over the network.
  Provider,
  Redis,
  /// Connecting a live feed.
  Stream,
};

[[nodiscard]] BreakerSettings preset_settings(Preset preset) noexcept;

/// All breakers of the program, by name. Thread-safe. Breakers are never removed, so references
/// stay good as long as the registry.
class BreakerRegistry {
 public:
  /// `clock` outlives the registry. `seed` sets the jitter apart between processes.
  explicit BreakerRegistry(const Clock& clock, std::uint64_t seed = 1);

  /// The breaker of this name (`polygon.bars`), made on first use; settings of later calls are
  /// ignored. Names come from the program, never from a request.
  Breaker& get(std::string_view name, Preset preset);
  Breaker& get(std::string_view name, const BreakerSettings& settings);
  /// Null when there is none.
  [[nodiscard]] Breaker* find(std::string_view name) const;
  /// In order of name.
  [[nodiscard]] std::vector<BreakerStatus> list() const;

  /// For all breakers, of now and later.
  void set_listener(BreakerListener listener);

 private:
  const Clock& clock_;
  std::uint64_t seed_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Breaker>, std::less<>> breakers_;
  BreakerListener listener_;
};

}  // namespace ziggy::resilience
