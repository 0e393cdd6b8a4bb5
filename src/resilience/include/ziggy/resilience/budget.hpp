#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "ziggy/base/call.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::resilience {

struct BudgetSettings {
  /// For messages and logs: the vendor.
  std::string name;
  /// Requests in any `period`. 0 means that every request is refused.
  std::uint32_t count = 0;
  std::chrono::seconds period{60};
  /// The share of the window's tokens that batch work may hold; at least one of them, and below 1
  /// never all (unless there is only one).
  double batch_share = 0.6;
  /// Where processes on this machine share the budget, and where it survives a restart; empty: in
  /// memory only. Its folder is made if need be.
  std::filesystem::path file = {};
  /// A spend that has not ended by then (its process died) is taken as ended.
  std::chrono::seconds in_flight_max{60};
};

struct BudgetStatus {
  std::string name;
  std::uint32_t limit = 0;
  std::chrono::seconds period{};
  /// What an interactive, and a batch request could take now.
  std::uint32_t left = 0;
  std::uint32_t left_batch = 0;
  /// When all of the limit is there again if nobody takes any; none when it is all there.
  std::optional<Timestamp> resets_at;
  std::uint64_t taken_total = 0;
  std::uint64_t refused_total = 0;
  /// Shared through the file; false also when the file was unusable.
  bool is_shared = false;
};

/// Keeps requests to a vendor within what it allows: never more than `count` in ANY window of
/// `period` as the vendor counts them. A request arrives there some time between its start and its
/// end, so its token comes back only one period (and a little, for rounding and for clocks that
/// drift) after it ENDED; in flight it counts as used. Thread-safe, and safe between processes that
/// name the same file. A take costs a microsecond in memory and a few with a file,
/// whatever the count.
class Budget {
 public:
  class Spend;

  /// `clock` outlives the budget, the budget its spends.
  Budget(BudgetSettings settings, const Clock& clock);
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;
  ~Budget();

  /// A token for one HTTP request (each page is one). Errors: ProviderQuota, told from a vendor's
  /// 429 by is_own_budget, with retry_after.
  [[nodiscard]] Result<Spend> take(CallUse use);
  /// The same, but waits for it as long as `call.deadline` allows; when even the next token comes
  /// later it does not wait at all. Errors: ProviderQuota as above.
  [[nodiscard]] net::Task<Result<Spend>> wait(CallUse use, Call call);

  [[nodiscard]] BudgetStatus status() const;
  [[nodiscard]] const BudgetSettings& settings() const noexcept { return settings_; }

 private:
  struct Book;

  Result<Spend> try_take(CallUse use, std::chrono::nanoseconds& wait);
  void end(CallUse use, std::int64_t started) noexcept;

  BudgetSettings settings_;
  const Clock& clock_;
  std::unique_ptr<Book> book_;
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<std::uint64_t> refused_{0};
};

/// One request that is paid for; keep it until the answer is read to its end or given up.
class Budget::Spend {
 public:
  /// Nothing was paid, for who has no budget.
  Spend() = default;
  Spend(Spend&& other) noexcept
      : budget_{std::exchange(other.budget_, nullptr)},
        use_{other.use_},
        started_{other.started_} {}
  Spend& operator=(Spend&& other) noexcept {
    if (this == &other) return *this;
    end();
    budget_ = std::exchange(other.budget_, nullptr);
    use_ = other.use_;
    started_ = other.started_;
    return *this;
  }
  ~Spend() { end(); }

  /// The request is over; from now on its token is one period away. The first call counts.
  void end() noexcept {
    if (Budget* const budget = std::exchange(budget_, nullptr)) budget->end(use_, started_);
  }

 private:
  friend class Budget;
  Spend(Budget* budget, CallUse use, std::int64_t started)
      : budget_{budget}, use_{use}, started_{started} {}

  Budget* budget_ = nullptr;
  CallUse use_ = CallUse::Interactive;
  std::int64_t started_ = 0;
};

}  // namespace ziggy::resilience
