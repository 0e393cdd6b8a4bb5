#pragma once

#include <cstdint>
#include <filesystem>

#include "ziggy/health/health.hpp"

namespace ziggy::health {

/// Below this a database, a log and a backup may fail to grow within hours.
inline constexpr std::uintmax_t kDiskFreeMin = std::uintmax_t{1} << 30;
/// Room for a person to act before kDiskFreeMin is reached.
inline constexpr std::uintmax_t kDiskFreeLow = 4 * kDiskFreeMin;

/// Free bytes below kDiskFreeMin are an ERROR, below kDiskFreeLow a WARNING.
[[nodiscard]] Outcome judge_disk(std::uintmax_t free_bytes);

/// The critical check `disk` of the file system that holds `folder`.
[[nodiscard]] Check disk_check(std::filesystem::path folder);

}  // namespace ziggy::health
