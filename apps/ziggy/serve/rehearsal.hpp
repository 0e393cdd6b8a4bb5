#pragma once

#include <filesystem>

#include "ziggy/config/settings.hpp"
#include "ziggy/standin/standin.hpp"

namespace ziggy::app {

/// Reads `--chaos FILE`. Errors: NotFound; Configuration, naming the file and the line or step.
[[nodiscard]] Result<standin::FaultScript> read_chaos_script(const std::filesystem::path& file);

/// Settings of a server whose vendors are stand-ins: chains of all three, keys that open nothing,
/// and a folder and database of its own (DATA_DIR/rehearsal), so that nothing it makes up is ever
/// found beside real data.
[[nodiscard]] config::Settings rehearsal_settings(config::Settings settings);

/// The vendors of `serve --demo --chaos FILE`: the simulated market behind the vendors' formats on
/// loopback, on a loop of its own.
class Rehearsal {
 public:
  /// The clock, the market's, outlives it.
  Rehearsal(const config::Settings& settings, const Clock& clock);

  /// Listens, and points the settings' addresses there. Errors: Configuration.
  [[nodiscard]] Result<> listen(config::Settings& settings);
  /// From now on vendors fail by the script.
  [[nodiscard]] Result<> begin(standin::FaultScript script);

 private:
  net::Loops loops_{1};
  standin::SimTape tape_;
  standin::StandIn stand_in_;
};

}  // namespace ziggy::app
