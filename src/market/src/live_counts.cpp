#include "live_counts.hpp"

#include "ziggy/market/live.hpp"

namespace ziggy::market {

Result<bool> LiveCounts::acquire(const Symbol& symbol) {
  const std::lock_guard lock{mutex_};
  const auto found = wanted_.find(symbol);
  if (found != wanted_.end()) {
    if (found->second++ == 0) idle_.erase(symbol);
    return false;
  }
  if (wanted_.size() >= symbols_max_) {
    return fail(ErrorCode::RateLimited, "{} symbols are streamed already, which is the limit",
                symbols_max_);
  }
  wanted_.emplace(symbol, 1);
  return true;
}

void LiveCounts::release(const Symbol& symbol) noexcept {
  const std::lock_guard lock{mutex_};
  const auto found = wanted_.find(symbol);
  if (found == wanted_.end() || clock_ == nullptr) return;
  if (--found->second == 0) idle_.emplace(symbol, clock_->steady());
}

std::vector<Symbol> LiveCounts::take_idle(std::chrono::nanoseconds linger) {
  const std::lock_guard lock{mutex_};
  std::vector<Symbol> taken;
  if (clock_ == nullptr) return taken;
  const Monotonic now = clock_->steady();
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    if (now - entry->second < linger) {
      ++entry;
      continue;
    }
    taken.push_back(entry->first);
    wanted_.erase(entry->first);
    entry = idle_.erase(entry);
  }
  return taken;
}

void LiveCounts::close() noexcept {
  const std::lock_guard lock{mutex_};
  clock_ = nullptr;
}

std::size_t LiveCounts::size() const {
  const std::lock_guard lock{mutex_};
  return wanted_.size();
}

LiveHandle::LiveHandle(std::shared_ptr<LiveCounts> counts, Symbol symbol)
    : counts_{std::move(counts)}, symbol_{symbol} {}

LiveHandle& LiveHandle::operator=(LiveHandle&& other) noexcept {
  if (this != &other) {
    end();
    counts_ = std::move(other.counts_);
    symbol_ = other.symbol_;
  }
  return *this;
}

LiveHandle::~LiveHandle() { end(); }

void LiveHandle::end() noexcept {
  if (counts_) counts_->release(symbol_);
  counts_.reset();
}

}  // namespace ziggy::market
