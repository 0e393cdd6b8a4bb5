#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace ziggy {

/// A UUIDv7 (RFC 9562, section 5.7): millisecond time first, then random bits, so that ids sort by
/// creation. `unix_ms` is milliseconds since 1970 UTC. Thread-safe.
[[nodiscard]] std::array<char, 36> make_uuid_v7(std::int64_t unix_ms);
[[nodiscard]] std::string make_uuid_v7_string(std::int64_t unix_ms);

}  // namespace ziggy
