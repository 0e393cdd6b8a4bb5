#include "serve/vendors.hpp"

#include "ziggy/base/log.hpp"
#include "ziggy/feed/file.hpp"

namespace ziggy::app {

namespace {

constexpr log::Logger kLog{"serve"};

}  // namespace

Vendors::Vendors(const config::Settings& settings, std::filesystem::path samples,
                 const Clock& clock, net::BlockingPool& pool)
    : settings_{settings}, samples_{std::move(samples)}, clock_{clock}, pool_{pool} {}

std::unique_ptr<feed::Provider> Vendors::make(config::Vendor vendor) {
  switch (vendor) {
    case config::Vendor::File: {
      feed::FileSettings files{.folders = {settings_.file_dir}};
      if (settings_.demo) files.folders.push_back(samples_);
      return std::make_unique<feed::FileProvider>(std::move(files), pool_);
    }
    case config::Vendor::Sim: {
      const auto sessions = settings_.sim_sessions == config::SimSessions::Always
                                ? feed::SimSessions::Always
                                : feed::SimSessions::Exchange;
      auto simulator = std::make_unique<feed::SimProvider>(
          clock_, feed::SimSettings{.seed = settings_.sim_seed, .sessions = sessions}, &pool_);
      simulator_ = simulator.get();
      return simulator;
    }
    // The door where vendors that are asked over the network come in.
    case config::Vendor::Polygon:
    case config::Vendor::Alpaca:
    case config::Vendor::Yahoo:
      break;
  }
  kLog.warning(
      "vendor_not_available_yet",
      {{"vendor", vendor_name(vendor)}, {"instead", "the next in the chain, then stored data"}});
  return nullptr;
}

feed::Provider* Vendors::get(config::Vendor vendor) {
  const auto known = made_.find(vendor);
  if (known != made_.end()) return known->second.get();
  return made_.emplace(vendor, make(vendor)).first->second.get();
}

std::vector<feed::Provider*> Vendors::chain(std::span<const config::Vendor> vendors) {
  std::vector<feed::Provider*> providers;
  for (const config::Vendor vendor : vendors) {
    if (feed::Provider* provider = get(vendor)) providers.push_back(provider);
  }
  return providers;
}

}  // namespace ziggy::app
