#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/redis.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/resilience/breaker.hpp"

namespace ziggy::resilience {

struct SharedCacheSettings {
  /// Before every key, so that others may live in the same database.
  std::string prefix = "ziggy:shared:";
  /// Larger values are not shared.
  std::size_t value_max = std::size_t{4} << 20;
  /// How often a follower looks whether the leader is done: from `poll_first`, growing to
  /// `poll_max`.
  std::chrono::milliseconds poll_first{5};
  std::chrono::milliseconds poll_max{100};
};

struct SharedCacheStats {
  /// Whether Redis is configured, connected and not given up by its breaker. While false, everyone
  /// asks for themselves.
  bool is_up = false;
  std::uint64_t hits_total = 0;
  std::uint64_t misses_total = 0;
  /// Times that this process asked for all; that it waited for another's answer and got it.
  std::uint64_t led_total = 0;
  std::uint64_t followed_total = 0;
  /// Commands that failed or were not sent because Redis is down.
  std::uint64_t failures_total = 0;
};

/// The right to ask for all nodes, until it is released or its time is over.
struct SharedLease {
  std::string key;
  std::string token;
};

/// How long what `ask` brings is good for, and how long others wait for whoever asks.
struct SharedLife {
  std::chrono::milliseconds value_ttl{};
  /// Longer than asking takes; a leader that dies is replaced after it.
  std::chrono::milliseconds lease_ttl{5'000};
  /// How long others wait for the one that asks, and never longer than half of the time they have
  /// left; then they ask too.
  std::chrono::milliseconds follow_for{1'500};
};

struct SharedAnswer {
  std::string value;
  /// Whether it was asked for here; else another node did, now or earlier.
  bool is_own = false;
};

/// Answers that several nodes share through Redis, so that one of them asks a vendor and not all.
/// Every operation works without Redis (none configured, down, slow): then nothing is found, every
/// lease is granted, and each node asks for itself. Thread-safe; put a SingleFlight in front, so
/// that a node asks Redis once.
class SharedCache {
 public:
  using Ask = std::function<net::Task<Result<std::string>>()>;

  /// `redis` may be null. All outlive the cache. `breaker` is of Preset::Redis.
  SharedCache(net::Redis* redis, Breaker& breaker, const Clock& clock,
              SharedCacheSettings settings = {});
  SharedCache(const SharedCache&) = delete;
  SharedCache& operator=(const SharedCache&) = delete;

  /// None when there is none, and when Redis is down.
  [[nodiscard]] net::Task<std::optional<std::string>> get(std::string key, Call call);
  /// Whether it is stored now. Nothing is, with a ttl that is not positive or above value_max.
  net::Task<bool> put(std::string key, std::string value, std::chrono::milliseconds ttl, Call call);

  /// None when somebody else holds it. With Redis down an empty token, which need not be released.
  [[nodiscard]] net::Task<std::optional<SharedLease>> lease(std::string key,
                                                            std::chrono::milliseconds ttl,
                                                            Call call);
  /// Ends the lease if it is still ours.
  net::Task<> release(SharedLease lease, Call call);

  /// What is stored under `key`; or else what `ask` brings, which one of all nodes calls and stores
  /// while the others wait for it a while. If the one that asks fails, the others ask one after the
  /// other. `ask` must heed the deadline itself. Errors: Canceled; those of `ask`.
  [[nodiscard]] net::Task<Result<SharedAnswer>> fetch(std::string key, SharedLife life, Ask ask,
                                                      Call call);

  [[nodiscard]] SharedCacheStats stats() const;

 private:
  struct Look;

  net::Task<Result<net::RedisReply>> command(std::vector<std::string> words, Call call);
  net::Task<Look> look(std::string key, Call call);
  net::Task<Result<SharedAnswer>> lead(SharedLease lease, SharedLife life, Ask ask, Call call);
  std::string value_key(std::string_view key) const;
  std::string lease_key(std::string_view key) const;

  net::Redis* redis_;
  Breaker& breaker_;
  const Clock& clock_;
  SharedCacheSettings settings_;
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> misses_{0};
  std::atomic<std::uint64_t> led_{0};
  std::atomic<std::uint64_t> followed_{0};
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace ziggy::resilience
