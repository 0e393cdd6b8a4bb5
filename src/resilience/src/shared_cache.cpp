#include "ziggy/resilience/shared_cache.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "ziggy/base/id.hpp"
#include "ziggy/net/timer.hpp"
#include "ziggy/resilience/backoff.hpp"

namespace ziggy::resilience {
namespace {

// Deletes the lease only while it is ours: it may have run out and be another's by now.
constexpr std::string_view kRelease =
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

std::optional<std::string> text_of(net::RedisReply reply) {
  if (reply.kind != net::RedisReply::Kind::Text) return std::nullopt;
  return std::move(reply.text);
}

}  // namespace

/// One look at a key and at who asks for it.
struct SharedCache::Look {
  bool is_up = false;
  std::optional<std::string> value;
  bool is_leased = false;
};

SharedCache::SharedCache(net::Redis* redis, Breaker& breaker, const Clock& clock,
                         SharedCacheSettings settings)
    : redis_{redis}, breaker_{breaker}, clock_{clock}, settings_{std::move(settings)} {}

std::string SharedCache::value_key(std::string_view key) const {
  return fmt::format("{}v:{}", settings_.prefix, key);
}
std::string SharedCache::lease_key(std::string_view key) const {
  return fmt::format("{}l:{}", settings_.prefix, key);
}

net::Task<Result<net::RedisReply>> SharedCache::command(std::vector<std::string> words, Call call) {
  if (redis_ == nullptr) co_return fail(ErrorCode::Configuration, "no Redis is configured");
  // Disconnected: not even worth the breaker's time limit.
  if (!redis_->is_up()) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    co_return fail(ErrorCode::StorageUnavailable, "Redis is down");
  }
  std::optional<std::chrono::nanoseconds> limit;
  if (call.deadline != Monotonic::max()) {
    limit = std::min<std::chrono::nanoseconds>(call.deadline - clock_.steady(),
                                               breaker_.settings().call_timeout);
  }
  auto reply = co_await breaker_.run(redis_->command(std::move(words), call), limit);
  if (!reply) failures_.fetch_add(1, std::memory_order_relaxed);
  co_return reply;
}

net::Task<SharedCache::Look> SharedCache::look(std::string key, Call call) {
  // One command for both, so that "no value and no lease" is one moment's truth.
  auto reply = co_await command({"MGET", value_key(key), lease_key(key)}, call);
  Look look;
  look.is_up = reply && reply->items.size() == 2;
  if (!look.is_up) co_return look;
  look.value = text_of(std::move(reply->items[0]));
  look.is_leased = !reply->items[1].is_nil();
  co_return look;
}

net::Task<std::optional<std::string>> SharedCache::get(std::string key, Call call) {
  auto reply = co_await command({"GET", value_key(key)}, call);
  std::optional<std::string> value;
  if (reply) value = text_of(std::move(*reply));
  (value ? hits_ : misses_).fetch_add(1, std::memory_order_relaxed);
  co_return value;
}

net::Task<bool> SharedCache::put(std::string key, std::string value, std::chrono::milliseconds ttl,
                                 Call call) {
  if (ttl.count() <= 0 || value.size() > settings_.value_max) co_return false;
  auto reply = co_await command(
      {"SET", value_key(key), std::move(value), "PX", std::to_string(ttl.count())}, call);
  co_return reply.has_value();
}

net::Task<std::optional<SharedLease>> SharedCache::lease(std::string key,
                                                         std::chrono::milliseconds ttl, Call call) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(clock_.now());
  SharedLease lease{std::move(key), make_uuid_v7_string(now.time_since_epoch().count())};
  const auto ms = std::max<std::int64_t>(1, ttl.count());
  auto reply = co_await command(
      {"SET", lease_key(lease.key), lease.token, "NX", "PX", std::to_string(ms)}, call);
  if (!reply) {
    lease.token.clear();
    co_return lease;
  }
  if (reply->is_nil()) co_return std::nullopt;
  co_return lease;
}

net::Task<> SharedCache::release(SharedLease lease, Call call) {
  if (lease.token.empty()) co_return;
  // Also when the caller's time is up: others wait for it.
  call.deadline = Monotonic::max();
  (void)co_await command({"EVAL", std::string{kRelease}, "1", lease_key(lease.key), lease.token},
                         call);
}

net::Task<Result<SharedAnswer>> SharedCache::lead(SharedLease lease, SharedLife life, Ask ask,
                                                  Call call) {
  led_.fetch_add(1, std::memory_order_relaxed);
  Result<std::string> asked = fail(ErrorCode::Internal, "not asked");
  std::exception_ptr thrown;
  try {
    auto answer = co_await ask();
    asked = std::move(answer);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (asked) (void)co_await put(lease.key, *asked, life.value_ttl, call);
  co_await release(std::move(lease), call);
  if (thrown) std::rethrow_exception(thrown);
  if (!asked) co_return std::unexpected{std::move(asked).error()};
  co_return SharedAnswer{.value = std::move(*asked), .is_own = true};
}

net::Task<Result<SharedAnswer>> SharedCache::fetch(std::string key, SharedLife life, Ask ask,
                                                   Call call) {
  const net::Executor executor = co_await net::asio::this_coro::executor;
  Backoff backoff{{.first = settings_.poll_first,
                   .max = settings_.poll_max,
                   .factor = 1.5,
                   .seed = static_cast<std::uint64_t>(clock_.steady().time_since_epoch().count())}};
  // Half of the time that is left stays for asking ourselves.
  const Monotonic now = clock_.steady();
  Monotonic patience = now + life.follow_for;
  if (call.deadline != Monotonic::max()) {
    patience = std::min(patience, now + (call.deadline - now) / 2);
  }
  for (bool is_first = true;; is_first = false) {
    auto seen = co_await look(key, call);
    if (seen.value) {
      (is_first ? hits_ : followed_).fetch_add(1, std::memory_order_relaxed);
      co_return SharedAnswer{.value = std::move(*seen.value), .is_own = false};
    }
    if (is_first) misses_.fetch_add(1, std::memory_order_relaxed);
    if (!seen.is_leased) {
      auto lease = co_await this->lease(key, life.lease_ttl, call);
      if (lease && !lease->token.empty()) {
        // A leader may have stored its answer and gone between our look and our lease.
        auto again = co_await look(key, call);
        if (again.value) {
          co_await release(std::move(*lease), call);
          followed_.fetch_add(1, std::memory_order_relaxed);
          co_return SharedAnswer{.value = std::move(*again.value), .is_own = false};
        }
      }
      if (lease) {
        auto answer = co_await lead(std::move(*lease), life, std::move(ask), call);
        co_return answer;
      }
    }
    const std::chrono::nanoseconds wait = backoff.next();
    if (clock_.steady() + wait >= patience) {
      // Without a lease: better asked twice than not at all.
      auto answer = co_await lead({.key = key, .token = {}}, life, std::move(ask), call);
      co_return answer;
    }
    net::Timer timer{executor, wait};
    const auto [aborted] =
        co_await timer.async_wait(net::asio::as_tuple(net::asio::use_awaitable_t<net::Executor>{}));
    if (aborted) co_return fail(ErrorCode::Canceled, "the caller is gone");
  }
}

SharedCacheStats SharedCache::stats() const {
  SharedCacheStats stats;
  stats.is_up = redis_ != nullptr && redis_->is_up() && breaker_.state() == BreakerState::Closed;
  stats.hits_total = hits_.load(std::memory_order_relaxed);
  stats.misses_total = misses_.load(std::memory_order_relaxed);
  stats.led_total = led_.load(std::memory_order_relaxed);
  stats.followed_total = followed_.load(std::memory_order_relaxed);
  stats.failures_total = failures_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace ziggy::resilience
