#include "bars_cache.hpp"

#include <atomic>
#include <random>

namespace ziggy::market {
namespace {

/// Versions end up in ETags, which clients keep over restarts and carry to other nodes: each
/// process counts from a random place, so that none gives the name of another's bars.
std::uint64_t next_version() {
  static std::atomic<std::uint64_t> last{[] {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) | device();
  }()};
  return ++last;
}

std::size_t bytes_of(const BarsAnswer& answer) {
  // The list's and the map's nodes, the strings, and six columns of eight bytes.
  return 512 + answer.bars->size() * 6 * sizeof(double);
}

}  // namespace

std::size_t BarsQueryHash::operator()(const BarsQuery& query) const noexcept {
  std::size_t hash = std::hash<Symbol>{}(query.symbol);
  const auto add = [&](std::uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 32U;
  };
  add(static_cast<std::uint64_t>(query.interval) * 8 +
      static_cast<std::uint64_t>(query.adjustment));
  add(static_cast<std::uint64_t>(query.range.start.time_since_epoch().count()));
  add(static_cast<std::uint64_t>(query.range.end.time_since_epoch().count()));
  add(query.limit);
  return hash;
}

std::optional<BarsAnswer> BarsCache::find(const BarsQuery& query, Timestamp now,
                                          std::uint64_t stored_mark) {
  const std::lock_guard lock{mutex_};
  const auto found = index_.find(query);
  if (found == index_.end()) return std::nullopt;
  const Entry& entry = found->second->entry;
  if (now >= entry.good_before || entry.stored_mark != stored_mark) return std::nullopt;
  slots_.splice(slots_.begin(), slots_, found->second);
  return entry.answer;
}

BarsAnswer BarsCache::put(const BarsQuery& query, Entry entry) {
  const std::lock_guard lock{mutex_};
  entry.answer.version = 0;
  if (const auto found = index_.find(query); found != index_.end()) {
    const BarsAnswer& before = found->second->entry.answer;
    if (*before.bars == *entry.answer.bars) {
      entry.answer.bars = before.bars;
      entry.answer.version = before.version;
    }
    bytes_ -= found->second->bytes;
    slots_.erase(found->second);
    index_.erase(found);
  }
  if (entry.answer.version == 0) entry.answer.version = next_version();
  BarsAnswer answer = entry.answer;
  const std::size_t bytes = bytes_of(answer);
  if (bytes > bytes_max_) return answer;
  slots_.push_front({query, std::move(entry), bytes});
  index_.emplace(query, slots_.begin());
  bytes_ += bytes;
  while (bytes_ > bytes_max_) {
    bytes_ -= slots_.back().bytes;
    index_.erase(slots_.back().query);
    slots_.pop_back();
  }
  return answer;
}

}  // namespace ziggy::market
