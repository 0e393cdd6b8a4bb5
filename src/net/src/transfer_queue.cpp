#include "transfer_queue.hpp"

#include <iterator>

#include "ziggy/base/assert.hpp"

namespace ziggy::net {

namespace {

// Far more hosts than Ziggy asks; more are forgotten as soon as nobody waits.
constexpr std::size_t kOriginsKept = 64;

}  // namespace

void TransferQueue::add(CurlTransfer* transfer, const std::string& origin) {
  const auto at = origins_.try_emplace(origin).first;
  at->second.waiting.push_back(transfer);
  places_.emplace(transfer, Place{.origin = at, .waiting = std::prev(at->second.waiting.end())});
  ++waiting_;
}

bool TransferQueue::may_start(const Origin& origin) const {
  if (origin.waiting.empty()) return false;
  if (origin.is_shared) return origin.running < limits_.streams_per_host;
  return origin.running < limits_.connections_per_host && connections_ < limits_.connections_max;
}

CurlTransfer* TransferQueue::next() {
  if (waiting_ == 0) return nullptr;
  auto at = origins_.upper_bound(turn_);
  for (std::size_t looked_at = 0; looked_at < origins_.size(); ++looked_at, ++at) {
    if (at == origins_.end()) at = origins_.begin();
    Origin& origin = at->second;
    if (!may_start(origin)) continue;
    CurlTransfer* transfer = origin.waiting.front();
    origin.waiting.pop_front();
    --waiting_;
    ++origin.running;
    Place& place = places_.at(transfer);
    place.is_running = true;
    place.has_connection = !origin.is_shared;
    if (place.has_connection) ++connections_;
    turn_ = at->first;
    return transfer;
  }
  return nullptr;
}

void TransferQueue::note(CurlTransfer* transfer, bool has_shared) {
  const auto found = places_.find(transfer);
  if (found != places_.end() && found->second.is_running) {
    found->second.origin->second.is_shared = has_shared;
  }
}

void TransferQueue::remove(CurlTransfer* transfer) {
  const auto found = places_.find(transfer);
  if (found == places_.end()) return;
  const Place place = found->second;
  places_.erase(found);
  Origin& origin = place.origin->second;
  if (place.is_running) {
    ZIGGY_ASSERT(origin.running > 0);
    --origin.running;
    if (place.has_connection) --connections_;
    if (origin.running == 0) origin.is_shared = false;
  } else {
    origin.waiting.erase(place.waiting);
    --waiting_;
  }
  if (origins_.size() > kOriginsKept) forget_idle_origins();
}

void TransferQueue::forget_idle_origins() {
  std::erase_if(origins_, [](const auto& entry) {
    return entry.second.running == 0 && entry.second.waiting.empty();
  });
}

}  // namespace ziggy::net
