#include "serve/upkeep.hpp"

#include "ziggy/base/log.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::app {

namespace {

constexpr log::Logger kLog{"upkeep"};

constexpr std::chrono::seconds kEvery{30};
constexpr std::size_t kGapsEachTime = 4;
constexpr int kCompareEvery = 10;  // times kEvery
constexpr std::chrono::minutes kLongest{5};

Call batch_call(const Clock& clock) {
  Call call;
  call.deadline = clock.steady() + kLongest;
  call.correlation_id = CorrelationId::make();
  call.use = CallUse::Batch;
  return call;
}

net::Task<> keep_up_once(const Clock* clock, const market::Backfill* backfill,
                         market::Agreement* agreement, bool compares) {
  auto healed = co_await backfill->heal(kGapsEachTime, batch_call(*clock));
  if (!healed) kLog.warning("gaps_not_tried", {{"detail", healed.error().detail()}});
  if (!compares) co_return;
  auto compared = co_await agreement->check_next(batch_call(*clock));
  if (!compared) kLog.warning("prices_not_compared", {{"detail", compared.error().detail()}});
}

}  // namespace

net::Task<> keep_up(const Clock* clock, const market::Backfill* backfill,
                    market::Agreement* agreement) {
  for (int round = 1;; ++round) {
    co_await net::sleep_for(kEvery);
    try {
      co_await keep_up_once(clock, backfill, agreement, round % kCompareEvery == 0);
    } catch (const std::exception& error) {
      // The next round may do better; without this one there would be none.
      kLog.error("upkeep_failed", {{"detail", error.what()}});
    }
  }
}

}  // namespace ziggy::app
