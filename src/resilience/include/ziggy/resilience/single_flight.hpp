#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::resilience {

/// Many who ask the same at the same time, on whatever loops, cause one piece of work and all get
/// its result. The work runs on the loop of the one who came first but is not tied to them: if they
/// are canceled it goes on for the others. Thread-safe. `T` is copied to each.
template <class Key, class T, class Hash = std::hash<Key>>
class SingleFlight {
 public:
  using Factory = std::function<net::Task<Result<T>>()>;

  /// `clock` outlives what is in flight.
  explicit SingleFlight(const Clock& clock) : state_{std::make_shared<State>(clock)} {}

  /// The result for `key`: from the work that is under way, or else from `factory`'s, which is
  /// started. Waits until `call.deadline` and no longer, while the work goes on; so the work must
  /// end by itself. Who joined a flight that ended because its first caller's time was up
  /// (DeadlineExceeded, Canceled) starts one of their own. Errors: DeadlineExceeded, Canceled,
  /// Internal when the work threw; the work's own.
  net::Task<Result<T>> run(Key key, Factory factory, Call call = {}) {
    return run(state_, std::move(key), std::move(factory), call.deadline);
  }

  /// How many pieces of work are under way.
  [[nodiscard]] std::size_t flying() const {
    const std::lock_guard lock{state_->mutex};
    return state_->flights.size();
  }
  /// How many were started, and how many callers found one under way.
  [[nodiscard]] std::uint64_t started_total() const noexcept { return state_->started.load(); }
  [[nodiscard]] std::uint64_t joined_total() const noexcept { return state_->joined.load(); }

 private:
  // Belongs to the waiting coroutine's loop; `is_landed` and the timer are touched there alone.
  struct Waiter {
    explicit Waiter(const net::Executor& its_executor)
        : executor{its_executor}, timer{its_executor} {}
    net::Executor executor;
    net::Timer timer;
    bool is_landed = false;
  };
  struct Flight {
    std::mutex mutex;
    std::optional<Result<T>> result;
    std::vector<std::shared_ptr<Waiter>> waiters;
  };
  struct State {
    explicit State(const Clock& its_clock) : clock{its_clock} {}
    const Clock& clock;
    std::mutex mutex;
    std::unordered_map<Key, std::shared_ptr<Flight>, Hash> flights;
    std::atomic<std::uint64_t> started{0};
    std::atomic<std::uint64_t> joined{0};
  };
  // Takes a waiter off the flight when its coroutine ends, however it ends: the loop may be gone by
  // the time the flight lands.
  struct Boarding {
    std::shared_ptr<Flight> flight;
    std::shared_ptr<Waiter> waiter;
    ~Boarding() {
      const std::lock_guard lock{flight->mutex};
      std::erase(flight->waiters, waiter);
    }
  };
  // Lands a flight when its coroutine ends, also when its loop is stopped before it could begin.
  struct Landing {
    std::shared_ptr<State> state;
    std::shared_ptr<Flight> flight;
    Key key;
    Result<T> result = fail(ErrorCode::Canceled, "the work was dropped");

    ~Landing() {
      {
        const std::lock_guard lock{state->mutex};
        state->flights.erase(key);
      }
      // Under the lock, so that no waiter's loop can go away between the look and the post.
      const std::lock_guard lock{flight->mutex};
      flight->result.emplace(std::move(result));
      for (const auto& waiter : flight->waiters) {
        net::asio::post(waiter->executor, [waiter] {
          waiter->is_landed = true;
          waiter->timer.cancel();
        });
      }
    }
  };

  static net::Task<> fly(std::unique_ptr<Landing> landing, Factory factory) {
    try {
      auto result = co_await factory();
      landing->result = std::move(result);
    } catch (const std::exception& error) {
      landing->result = fail(ErrorCode::Internal, "the work threw: {}", error.what());
    } catch (...) {
      landing->result = fail(ErrorCode::Internal, "the work threw");
    }
  }

  static net::Task<Result<T>> await(std::shared_ptr<State> state, std::shared_ptr<Flight> flight,
                                    Monotonic deadline) {
    namespace asio = net::asio;
    const net::Executor executor = co_await asio::this_coro::executor;
    const Boarding boarding{std::move(flight), std::make_shared<Waiter>(executor)};
    Waiter& waiter = *boarding.waiter;
    {
      const std::lock_guard lock{boarding.flight->mutex};
      if (boarding.flight->result) co_return *boarding.flight->result;
      boarding.flight->waiters.push_back(boarding.waiter);
    }
    if (deadline == Monotonic::max()) {
      waiter.timer.expires_at(net::Timer::time_point::max());
    } else {
      waiter.timer.expires_after(deadline - state->clock.steady());
    }
    co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable_t<net::Executor>{}));
    if (waiter.is_landed) {
      const std::lock_guard lock{boarding.flight->mutex};
      co_return *boarding.flight->result;
    }
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
      co_return fail(ErrorCode::Canceled, "the caller is gone");
    }
    co_return fail(ErrorCode::DeadlineExceeded, "no answer in time");
  }

  static net::Task<Result<T>> run(std::shared_ptr<State> state, Key key, Factory factory,
                                  Monotonic deadline) {
    const net::Executor executor = co_await net::asio::this_coro::executor;
    for (;;) {
      bool is_first = false;
      std::shared_ptr<Flight> flight;
      {
        const std::lock_guard lock{state->mutex};
        auto& known = state->flights[key];
        is_first = known == nullptr;
        if (is_first) known = std::make_shared<Flight>();
        flight = known;
      }
      (is_first ? state->started : state->joined).fetch_add(1, std::memory_order_relaxed);
      if (is_first) {
        auto landing = std::make_unique<Landing>(state, flight, key);
        net::spawn(executor, fly(std::move(landing), factory), "single_flight");
      }
      auto result = co_await await(state, flight, deadline);
      if (result || is_first) co_return result;
      // Only an answer says something about the question; that another caller ran out of time does
      // not. Ends: the next round has a deadline too, and who is first returns in any case.
      const auto cancellation = co_await net::asio::this_coro::cancellation_state;
      const ErrorCode code = result.error().code();
      const bool was_theirs = code == ErrorCode::DeadlineExceeded || code == ErrorCode::Canceled;
      if (!was_theirs || state->clock.steady() >= deadline ||
          cancellation.cancelled() != net::asio::cancellation_type::none) {
        co_return result;
      }
    }
  }

  std::shared_ptr<State> state_;
};

}  // namespace ziggy::resilience
