#include "ziggy/resilience/budget.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "budget_file.hpp"
#include "budget_rings.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/timer.hpp"
#include "ziggy/resilience/verdict.hpp"

namespace ziggy::resilience {
namespace {

constexpr log::Logger kLog{"resilience"};

using std::chrono::nanoseconds;

// What comes on top of a period for clocks that run at different speeds: 100 ppm of a minute are
// 6 ms, and nobody notices a tenth of a second in it.
constexpr nanoseconds kMarginMax = std::chrono::milliseconds{100};
constexpr int kMarginShare = 20;
// How long a budget keeps away from a file whose lock somebody does not let go of.
constexpr nanoseconds kLockedPause = std::chrono::seconds{1};
// The longest that a waiter sleeps before it looks again: the clock is not the timer's.
constexpr nanoseconds kLookAgain = std::chrono::milliseconds{250};

nanoseconds hold_of(const BudgetSettings& settings) {
  const nanoseconds period = settings.period;
  return period + std::min(kMarginMax, period / kMarginShare);
}

// How many tokens of a window batch work may hold.
std::uint32_t batch_max(const BudgetSettings& settings) {
  if (settings.count <= 1) return settings.count;
  const double share = std::clamp(settings.batch_share, 0.0, 1.0);
  const auto most = static_cast<std::uint32_t>(share * settings.count);
  return std::clamp(most, 1U, share < 1 ? settings.count - 1 : settings.count);
}

}  // namespace

// The tokens' book, read from the file and written back within one turn if there is one.
struct Budget::Book {
  explicit Book(const BudgetSettings& settings, const Clock& its_clock)
      : clock{its_clock},
        is_walled{!settings.file.empty()},
        rings{BudgetRings::make(hold_of(settings).count(),
                                nanoseconds{settings.in_flight_max}.count())} {
    if (is_walled) file.emplace(settings.file);
  }

  // Processes share no monotonic clock that survives a reboot, so a file holds wall time.
  std::int64_t nanos() const {
    return is_walled ? clock.now().time_since_epoch().count()
                     : clock.steady().time_since_epoch().count();
  }

  // Runs `act(now)` with the rings up to date, and keeps what it did if it returns true. False when
  // the file's lock is not to be had.
  template <class Act>
  bool turn(Act act) {
    const std::lock_guard lock{mutex};
    if (file && clock.steady() < keep_away_until) return false;
    if (!file) {
      const std::int64_t now = nanos();
      act(now);
      return true;
    }
    const auto turn = file->begin();
    if (turn == BudgetFile::Turn::Taken) {
      kLog.warning("budget_file_locked", {});
      keep_away_until = clock.steady() + kLockedPause;
      return false;
    }
    if (turn == BudgetFile::Turn::Unusable) {
      file.reset();
      act(nanos());
      return true;
    }
    // A file that says nothing usable leaves us with what we know ourselves.
    if (const auto read = file->read(); read && read->same_shape(rings)) rings = *read;
    const std::int64_t now = nanos();
    bool is_changed = rings.open.mend_future(now);
    is_changed = rings.ended.mend_future(now) || is_changed;
    is_changed = act(now) || is_changed;
    if (is_changed && !file->write(rings)) {
      file.reset();
      return true;
    }
    file->finish();
    return true;
  }

  const Clock& clock;
  // Stays true when the file turns out unusable: the rings go on in the same time.
  const bool is_walled;
  std::mutex mutex;
  BudgetRings rings;
  std::optional<BudgetFile> file;
  Monotonic keep_away_until{};
};

Budget::Budget(BudgetSettings settings, const Clock& clock)
    : settings_{std::move(settings)}, clock_{clock} {
  settings_.period = std::max(settings_.period, std::chrono::seconds{1});
  settings_.in_flight_max = std::max(settings_.in_flight_max, std::chrono::seconds{1});
  book_ = std::make_unique<Book>(settings_, clock_);
}

Budget::~Budget() = default;

Result<Budget::Spend> Budget::try_take(CallUse use, nanoseconds& wait) {
  std::optional<std::int64_t> started;
  wait = settings_.count == 0 ? nanoseconds{settings_.period} : kLockedPause;
  const std::uint32_t total_max = settings_.count;
  const std::uint32_t most = use == CallUse::Batch ? batch_max(settings_) : total_max;
  BudgetRings& rings = book_->rings;
  const bool had_turn = settings_.count == 0 || book_->turn([&](std::int64_t now) {
    const Held held = rings.held(now);
    if (held.total() < total_max && (use != CallUse::Batch || held.batch < most)) {
      rings.open.add(use, now);
      started = now;
      return true;
    }
    const std::uint32_t batch = use == CallUse::Batch ? most - 1 : total_max;
    wait = nanoseconds{rings.time_of(now, total_max - 1, batch) - now};
    return false;
  });
  if (started) return Spend{this, use, *started};
  if (!had_turn) {
    return fail(own_budget_error(settings_.name, "another process holds its file", wait));
  }
  const auto why = fmt::format("{} requests in {} s are spent{}", most, settings_.period.count(),
                               use == CallUse::Batch ? " (batch share)" : "");
  return fail(own_budget_error(settings_.name, why, wait));
}

Result<Budget::Spend> Budget::take(CallUse use) {
  nanoseconds wait{};
  auto spend = try_take(use, wait);
  (spend ? taken_ : refused_).fetch_add(1, std::memory_order_relaxed);
  return spend;
}

net::Task<Result<Budget::Spend>> Budget::wait(CallUse use, Call call) {
  const net::Executor executor = co_await net::asio::this_coro::executor;
  for (;;) {
    nanoseconds wait{};
    auto spend = try_take(use, wait);
    const Monotonic now = clock_.steady();
    const bool is_in_vain = now >= call.deadline || wait > call.deadline - now;
    if (spend || is_in_vain) {
      (spend ? taken_ : refused_).fetch_add(1, std::memory_order_relaxed);
      co_return spend;
    }
    net::Timer timer{executor, std::min(wait, kLookAgain)};
    const auto [aborted] =
        co_await timer.async_wait(net::asio::as_tuple(net::asio::use_awaitable_t<net::Executor>{}));
    if (aborted) co_return fail(ErrorCode::Canceled, "the caller is gone");
  }
}

void Budget::end(CallUse use, std::int64_t started) noexcept {
  try {
    // When the file is not to be had the token stays in flight until in_flight_max: late, but safe.
    book_->turn([&](std::int64_t now) {
      book_->rings.open.remove(use, started);
      book_->rings.ended.add(use, std::max(now, started));
      return true;
    });
  } catch (const std::exception& error) {
    kLog.error("budget_end_failed", {{"budget", settings_.name}, {"error", error.what()}});
  }
}

BudgetStatus Budget::status() const {
  BudgetStatus status;
  status.name = settings_.name;
  status.limit = settings_.count;
  status.period = settings_.period;
  status.taken_total = taken_.load(std::memory_order_relaxed);
  status.refused_total = refused_.load(std::memory_order_relaxed);
  const auto look = [&](std::int64_t now) {
    const Held held = book_->rings.held(now);
    const auto left = [](std::uint32_t most, std::uint32_t used) {
      return most > used ? most - used : 0;
    };
    status.left = left(settings_.count, held.total());
    status.left_batch = std::min(status.left, left(batch_max(settings_), held.batch));
    if (held.total() > 0) {
      status.resets_at = clock_.now() + nanoseconds{book_->rings.time_of(now, 0, 0) - now};
    }
    status.is_shared = book_->file.has_value();
    return false;
  };
  if (!book_->turn(look)) {
    const std::lock_guard lock{book_->mutex};
    look(book_->nanos());
  }
  return status;
}

}  // namespace ziggy::resilience
