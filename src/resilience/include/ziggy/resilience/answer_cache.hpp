#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/error.hpp"

namespace ziggy::resilience {

struct AnswerCacheSettings {
  /// What all answers together may weigh, as their owners say, plus kAnswerOverhead each. An answer
  /// heavier than a shard's part is not kept.
  std::size_t bytes_max = std::size_t{64} << 20;
  std::size_t shards = 8;
  /// How long one caller has for refreshing a stale answer before another is asked to.
  std::chrono::nanoseconds refresh_lease = std::chrono::seconds{5};
};

/// How long an answer lives.
struct AnswerLife {
  /// Given out without further ado.
  std::chrono::nanoseconds fresh_for{};
  /// After that: given out while somebody refreshes it.
  std::chrono::nanoseconds stale_for{};
};

/// List and table nodes, counted with every answer.
inline constexpr std::size_t kAnswerOverhead = 128;

enum class AnswerKind : std::uint8_t { Missing, Fresh, StaleButUsable, Negative };

/// What the cache knows about a question.
template <class T>
struct CachedAnswer {
  AnswerKind kind = AnswerKind::Missing;
  /// Of Fresh and StaleButUsable.
  std::shared_ptr<const T> value;
  /// Of Negative.
  std::optional<Error> error;
  /// Since it was put.
  std::chrono::nanoseconds age{};
  /// The caller shall fetch a new one (StaleButUsable: exactly one caller per refresh_lease is told
  /// so; Missing: everyone, so put a SingleFlight behind it).
  bool should_refresh = false;
};

struct AnswerCacheStats {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  std::uint64_t fresh_total = 0;
  std::uint64_t stale_total = 0;
  std::uint64_t negative_total = 0;
  std::uint64_t missing_total = 0;
  std::uint64_t evicted_total = 0;
};

/// Answers by question, with their errors: "no such symbol" is an answer too. Bounded by weight,
/// the least recently used goes first. Thread-safe, sharded by key. `Hash` must spread its values.
template <class Key, class T, class Hash = std::hash<Key>>
class AnswerCache {
 public:
  /// `clock` outlives the cache.
  AnswerCache(AnswerCacheSettings settings, const Clock& clock)
      : settings_{settings}, clock_{clock}, shards_(std::max<std::size_t>(1, settings.shards)) {
    shard_max_ = settings_.bytes_max / shards_.size();
  }

  [[nodiscard]] CachedAnswer<T> find(const Key& key) {
    const Monotonic now = clock_.steady();
    Shard& shard = shard_of(key);
    const std::lock_guard lock{shard.mutex};
    CachedAnswer<T> answer = look(shard, key, now, true);
    ++shard.found[static_cast<std::size_t>(answer.kind)];
    return answer;
  }

  /// The same for who will not refresh: `should_refresh` is never set and nobody's turn is taken.
  [[nodiscard]] CachedAnswer<T> peek(const Key& key) {
    const Monotonic now = clock_.steady();
    Shard& shard = shard_of(key);
    const std::lock_guard lock{shard.mutex};
    CachedAnswer<T> answer = look(shard, key, now, false);
    ++shard.found[static_cast<std::size_t>(answer.kind)];
    return answer;
  }

  /// Keeps a value that weighs `bytes`; replaces what was known.
  void put(const Key& key, T value, std::size_t bytes, AnswerLife life) {
    put(key, std::make_shared<const T>(std::move(value)), bytes, life);
  }
  void put(const Key& key, std::shared_ptr<const T> value, std::size_t bytes, AnswerLife life) {
    const Monotonic now = clock_.steady();
    insert({.key = key,
            .value = std::move(value),
            .error = {},
            .bytes = bytes + kAnswerOverhead,
            .put_at = now,
            .fresh_until = now + life.fresh_for,
            .usable_until = now + life.fresh_for + life.stale_for,
            .refresh_again = {}});
  }

  /// Keeps an error as the answer for `ttl`; replaces what was known.
  void put_error(const Key& key, Error error, std::chrono::nanoseconds ttl) {
    const Monotonic now = clock_.steady();
    const std::size_t bytes = error.detail().size() + sizeof(Error) + kAnswerOverhead;
    insert({.key = key,
            .value = {},
            .error = std::move(error),
            .bytes = bytes,
            .put_at = now,
            .fresh_until = now + ttl,
            .usable_until = now + ttl,
            .refresh_again = {}});
  }

  void erase(const Key& key) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock{shard.mutex};
    if (const auto found = shard.table.find(key); found != shard.table.end()) shard.drop(found);
  }
  void clear() {
    for (Shard& shard : shards_) {
      const std::lock_guard lock{shard.mutex};
      shard.table.clear();
      shard.recent.clear();
      shard.bytes = 0;
    }
  }

  [[nodiscard]] AnswerCacheStats stats() const {
    AnswerCacheStats sum;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock{shard.mutex};
      sum.entries += shard.table.size();
      sum.bytes += shard.bytes;
      sum.missing_total += shard.found[static_cast<std::size_t>(AnswerKind::Missing)];
      sum.fresh_total += shard.found[static_cast<std::size_t>(AnswerKind::Fresh)];
      sum.stale_total += shard.found[static_cast<std::size_t>(AnswerKind::StaleButUsable)];
      sum.negative_total += shard.found[static_cast<std::size_t>(AnswerKind::Negative)];
      sum.evicted_total += shard.evicted;
    }
    return sum;
  }

 private:
  struct Entry {
    Key key;
    std::shared_ptr<const T> value;
    std::optional<Error> error;
    std::size_t bytes;
    Monotonic put_at;
    Monotonic fresh_until;
    Monotonic usable_until;
    Monotonic refresh_again;
  };
  using List = std::list<Entry>;
  using Table = std::unordered_map<Key, typename List::iterator, Hash>;

  struct Shard {
    mutable std::mutex mutex;
    // Most recently used first.
    List recent;
    Table table;
    std::size_t bytes = 0;
    std::uint64_t found[4] = {};
    std::uint64_t evicted = 0;

    void drop(typename Table::iterator at) {
      bytes -= at->second->bytes;
      recent.erase(at->second);
      table.erase(at);
    }
  };

  Shard& shard_of(const Key& key) {
    // The table uses the low bits of the same hash.
    const std::uint64_t mixed = Hash{}(key) * 0x9E3779B97F4A7C15ULL;
    return shards_[(mixed >> 32) % shards_.size()];
  }

  static CachedAnswer<T> missing(bool should_refresh) {
    CachedAnswer<T> answer;
    answer.should_refresh = should_refresh;
    return answer;
  }

  CachedAnswer<T> look(Shard& shard, const Key& key, Monotonic now, bool takes_turn) {
    const auto found = shard.table.find(key);
    if (found == shard.table.end()) return missing(takes_turn);
    Entry& entry = *found->second;
    if (now >= entry.usable_until) {
      shard.drop(found);
      return missing(takes_turn);
    }
    shard.recent.splice(shard.recent.begin(), shard.recent, found->second);
    CachedAnswer<T> answer;
    answer.value = entry.value;
    answer.error = entry.error;
    answer.age = now - entry.put_at;
    if (entry.error) {
      answer.kind = AnswerKind::Negative;
    } else if (now < entry.fresh_until) {
      answer.kind = AnswerKind::Fresh;
    } else {
      answer.kind = AnswerKind::StaleButUsable;
      answer.should_refresh = takes_turn && now >= entry.refresh_again;
      if (answer.should_refresh) entry.refresh_again = now + settings_.refresh_lease;
    }
    return answer;
  }

  void insert(Entry entry) {
    Shard& shard = shard_of(entry.key);
    const std::lock_guard lock{shard.mutex};
    if (const auto found = shard.table.find(entry.key); found != shard.table.end()) {
      shard.drop(found);
    }
    if (entry.bytes > shard_max_) return;
    while (shard.bytes + entry.bytes > shard_max_) {
      shard.drop(shard.table.find(shard.recent.back().key));
      ++shard.evicted;
    }
    shard.bytes += entry.bytes;
    shard.recent.push_front(std::move(entry));
    shard.table.emplace(shard.recent.front().key, shard.recent.begin());
  }

  AnswerCacheSettings settings_;
  const Clock& clock_;
  std::vector<Shard> shards_;
  std::size_t shard_max_ = 0;
};

}  // namespace ziggy::resilience
