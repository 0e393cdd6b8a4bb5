#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "board.hpp"

// A script that somebody wrote: it is read or refused with a reason that names the file, and what
// is read can run at any moment.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  const auto script =
      standin::FaultScript::parse({reinterpret_cast<const char*>(data), size}, "chaos.json");
  if (!script) {
    if (script.error().code() != ErrorCode::Configuration) std::abort();
    if (!script.error().detail().starts_with("chaos.json: ")) std::abort();
    if (script.error().detail().find('\n') != std::string::npos) std::abort();
    return 0;
  }
  standin::FaultBoard board;
  if (!board.run(*script, Monotonic{})) std::abort();
  for (const std::int64_t seconds : {0, 1, 59, 3'600, 86'400 * 400}) {
    const Monotonic now{std::chrono::seconds{seconds}};
    for (const standin::Vendor vendor : standin::kVendors) {
      for (const standin::Route route : standin::kRoutes) {
        if (board.pick(vendor, route, now).delay.count() < 0) std::abort();
      }
    }
    for (const auto& change : board.changes(now)) {
      if (change.step.describe().empty()) std::abort();
    }
  }
  return 0;
}
