#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include "seat.hpp"
#include "ziggy/base/call.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/net/timer.hpp"

/// When nobody has answered, those whose breakers are open are asked all the same, a little: one of
/// them may be back.
namespace ziggy::routing {

/// Whether to ask somebody although its breaker is open, since nobody else has answered; takes the
/// turn. Vendors that come back all at once after everything was down must not stay dark until
/// their breakers let a probe through.
[[nodiscard]] bool take_last_resort(Seat& seat, Monotonic now);
/// What is left of the call's time.
[[nodiscard]] std::chrono::nanoseconds time_left(const Call& call, const Clock& clock);

/// Counts a request that is out as the last resort.
class LastResort {
 public:
  explicit LastResort(const Seat& seat) : out_{seat.last_resorts_out} { ++*out_; }
  LastResort(const LastResort&) = delete;
  LastResort& operator=(const LastResort&) = delete;
  ~LastResort() { --*out_; }

 private:
  std::shared_ptr<std::atomic<int>> out_;  // may outlive the seat, in a coroutine that is dropped
};

/// Between looks at what came of another's last resort, and the longest wait for it.
inline constexpr std::chrono::milliseconds kLastResortLook{5};
inline constexpr std::chrono::milliseconds kLastResortWait{500};

/// Waits while somebody else's last resort is out to one of `seats` and none of them can be asked
/// in the meantime.
inline net::Task<> wait_for_last_resort(std::vector<Seat*> seats, Call call, const Clock* clock) {
  const auto is_waiting = [&seats] {
    return std::ranges::any_of(seats,
                               [](const Seat* seat) { return *seat->last_resorts_out > 0; }) &&
           std::ranges::none_of(seats,
                                [](const Seat* seat) { return seat->breaker->would_admit(); });
  };
  for (auto waited = kLastResortLook; waited < kLastResortWait && is_waiting();
       waited += kLastResortLook) {
    if (time_left(call, *clock) <= 2 * kLastResortLook) break;
    co_await net::sleep_for(kLastResortLook);
  }
}

/// Whether a vendor that was passed over for its open breaker may be asked after all: the breaker
/// has closed since, or it is this request's turn.
[[nodiscard]] inline bool may_be_last(Seat& seat, Monotonic now) {
  return seat.breaker->state() == resilience::BreakerState::Closed || take_last_resort(seat, now);
}

}  // namespace ziggy::routing
