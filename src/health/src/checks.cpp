#include "ziggy/health/checks.hpp"

#include <fmt/format.h>

#include <system_error>

namespace ziggy::health {

Outcome judge_disk(std::uintmax_t free_bytes) {
  constexpr double kGigabyte = 1ULL << 30;
  const auto message = fmt::format("{:.1f} GB free", static_cast<double>(free_bytes) / kGigabyte);
  if (free_bytes < kDiskFreeMin) return {Status::Error, message};
  return {free_bytes < kDiskFreeLow ? Status::Warning : Status::Ok, message};
}

Check disk_check(std::filesystem::path folder) {
  return {
      .name = "disk", .criticality = Criticality::Critical, .run = [folder = std::move(folder)] {
        std::error_code error;
        const auto space = std::filesystem::space(folder, error);
        if (error) return Outcome{Status::Error, "cannot read the free space: " + error.message()};
        return judge_disk(space.available);
      }};
}

}  // namespace ziggy::health
