#include "counts.hpp"

#include <algorithm>

namespace ziggy::standin {

void SlidingMax::add(Monotonic at, std::chrono::nanoseconds window) {
  while (!recent_.empty() && at - recent_.front() >= window) recent_.pop_front();
  recent_.push_back(at);
  if (recent_.size() > kKeptMax) recent_.pop_front();
  most_ = std::max(most_, recent_.size());
}

void Counts::request(Vendor vendor, Route route, bool is_faulty, Monotonic at) {
  const auto who = static_cast<std::size_t>(vendor);
  const std::lock_guard lock{mutex_};
  Cell& cell = cells_[who][static_cast<std::size_t>(route)];
  ++cell.requests;
  if (is_faulty) ++cell.faulty;
  cell.window.add(at, window_);
  vendors_[who].add(at, window_);
}

StandInCounts Counts::snapshot() const {
  StandInCounts out;
  const std::lock_guard lock{mutex_};
  for (std::size_t v = 0; v < kVendors.size(); ++v) {
    VendorCounts& vendor = out.vendors[v];
    vendor.per_window_max = vendors_[v].most();
    for (std::size_t r = 0; r < kRoutes.size(); ++r) {
      const Cell& cell = cells_[v][r];
      vendor.routes[r] = {cell.requests, cell.faulty, cell.window.most()};
      vendor.requests += cell.requests;
    }
  }
  return out;
}

}  // namespace ziggy::standin
