#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ziggy/config/settings.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/feed/sim.hpp"
#include "ziggy/net/blocking_pool.hpp"

namespace ziggy::app {

/// The vendors that the chains of the settings name, each made once.
class Vendors {
 public:
  /// `samples` is the folder of the bundled price files, which the demo's vendor `file` reads after
  /// FILE_DIR. Clock and pool outlive the vendors.
  Vendors(const config::Settings& settings, std::filesystem::path samples, const Clock& clock,
          net::BlockingPool& pool);

  /// In the chain's order; those that this version does not have yet are left out, with a warning.
  [[nodiscard]] std::vector<feed::Provider*> chain(std::span<const config::Vendor> vendors);
  /// nullptr if no chain names the simulator.
  [[nodiscard]] feed::SimProvider* simulator() noexcept { return simulator_; }

 private:
  feed::Provider* get(config::Vendor vendor);
  [[nodiscard]] std::unique_ptr<feed::Provider> make(config::Vendor vendor);

  const config::Settings& settings_;
  std::filesystem::path samples_;
  const Clock& clock_;
  net::BlockingPool& pool_;
  std::map<config::Vendor, std::unique_ptr<feed::Provider>> made_;
  feed::SimProvider* simulator_ = nullptr;
};

}  // namespace ziggy::app
