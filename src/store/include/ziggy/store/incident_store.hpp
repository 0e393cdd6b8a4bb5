#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/base/time.hpp"

namespace ziggy::store {

class Backend;

/// A time in which a provider's operation was not what it should be.
struct Incident {
  enum class Severity : std::uint8_t { Warning, Critical };

  std::string id;  // UUID
  std::string provider;
  std::string operation;
  std::string kind;  // `breaker_open`, `slo_fast_burn`, …; one of a kind is open at a time
  Severity severity = Severity::Warning;
  Timestamp opened_at;
  std::optional<Timestamp> closed_at;
  std::string reason;   // for people: why it opened
  std::string closing;  // why it closed; empty while open
  friend bool operator==(const Incident&, const Incident&) = default;
};

[[nodiscard]] std::string_view severity_name(Incident::Severity severity) noexcept;

/// A provider that an admin put first.
struct ProviderPin {
  std::string operation;
  std::string provider;
  Timestamp pinned_at;
  friend bool operator==(const ProviderPin&, const ProviderPin&) = default;
};

/// Incidents and pins of providers. Blocking; any thread. Errors everywhere: StorageUnavailable.
class IncidentStore {
 public:
  explicit IncidentStore(Backend& backend) : backend_{backend} {}

  /// Adds it, unless one of its provider, operation and kind is open already: then that one stays
  /// and the result is false.
  [[nodiscard]] Result<bool> open(const Incident& incident);
  /// False when it is closed already or not there.
  [[nodiscard]] Result<bool> close(std::string_view id, Timestamp at, std::string_view closing);
  /// Newest first, at most `limit`, those before the incident `before` if it is not empty.
  [[nodiscard]] Result<std::vector<Incident>> list(std::size_t limit, std::string_view before = {});
  [[nodiscard]] Result<std::vector<Incident>> open_ones();
  /// Deletes closed ones that were opened earlier.
  [[nodiscard]] Result<std::size_t> remove_before(Timestamp time);

  /// Replaces the operation's pin.
  [[nodiscard]] Result<> pin(const ProviderPin& pin);
  /// False when there was none.
  [[nodiscard]] Result<bool> unpin(std::string_view operation);
  [[nodiscard]] Result<std::vector<ProviderPin>> pins();

 private:
  Backend& backend_;
};

}  // namespace ziggy::store
