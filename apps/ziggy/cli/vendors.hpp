#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ziggy/config/settings.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/feed/sim.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/resilience/budget.hpp"

namespace ziggy::app {

/// PROVIDER_BUDGETS, shared by all programs over the same DATA_DIR. Make it before the loops:
/// requests that are cut off when those end give their tokens back.
class Budgets {
 public:
  /// The clock outlives the budgets.
  Budgets(const config::Settings& settings, const Clock& clock);
  /// nullptr when nothing limits the vendor.
  [[nodiscard]] resilience::Budget* of(config::Vendor vendor) noexcept;

 private:
  std::map<config::Vendor, std::unique_ptr<resilience::Budget>> budgets_;
};

struct VendorParts {
  const config::Settings& settings;
  /// The folder of the bundled price files, which the demo's vendor `file` reads after FILE_DIR.
  std::filesystem::path samples;
  const Clock& clock;
  net::BlockingPool& pool;
  Budgets& budgets;
  /// What answers under the vendors' addresses is a stand-in.
  bool is_rehearsal = false;
};

/// The vendors that the chains of the settings name, each made once. Destroy it before the loops;
/// what is in the parts outlives it.
class Vendors {
 public:
  explicit Vendors(VendorParts parts) : parts_{std::move(parts)} {}

  /// In the chain's order.
  [[nodiscard]] std::vector<feed::Provider*> chain(std::span<const config::Vendor> vendors);
  /// nullptr if no chain names the simulator.
  [[nodiscard]] feed::SimProvider* simulator() noexcept { return simulator_; }
  /// Made when first asked for: a demo without vendors on the network needs none.
  [[nodiscard]] net::HttpClient& http();
  /// nullptr while nobody has asked for it.
  [[nodiscard]] const net::HttpClient* http_if_made() const noexcept { return http_.get(); }

 private:
  feed::Provider* get(config::Vendor vendor);
  [[nodiscard]] std::unique_ptr<feed::Provider> make(config::Vendor vendor);
  [[nodiscard]] std::unique_ptr<feed::Provider> make_file();
  [[nodiscard]] std::unique_ptr<feed::Provider> make_simulator();
  [[nodiscard]] std::unique_ptr<feed::Provider> make_polygon();
  [[nodiscard]] std::unique_ptr<feed::Provider> make_alpaca();
  [[nodiscard]] std::unique_ptr<feed::Provider> make_yahoo();

  VendorParts parts_;
  std::unique_ptr<net::HttpClient> http_;  // before the vendors that use it
  std::map<config::Vendor, std::unique_ptr<feed::Provider>> made_;
  feed::SimProvider* simulator_ = nullptr;
};

}  // namespace ziggy::app
