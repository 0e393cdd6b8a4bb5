#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/domain/quote.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::market {

/// Why an answer is not used.
struct Refusal {
  /// domain's rule_name, or `too_many`, `outside_range`, `wrong_symbol`, `no_price`.
  std::string rule;
  std::size_t rows = 1;
  std::string detail;
  /// The first row that broke the rule.
  std::string sample;
};

/// Holds a vendor's answer to the request and to the data contracts; nullopt: it is good.
[[nodiscard]] std::optional<Refusal> judge(const feed::BarsRequest& request,
                                           const feed::BarsReply& reply);
[[nodiscard]] std::optional<Refusal> judge(const Symbol& symbol, const Quote& quote);

/// Refused answers on their way to the store: gathered and written a batch at a time on a thread of
/// the pool. Never blocks; what does not fit is counted and logged. Thread-safe.
class Quarantine {
 public:
  /// Waiting to be written; a vendor that sends garbage only is known by the first few.
  static constexpr std::size_t kPendingMax = 256;
  /// What the table keeps, the newest.
  static constexpr std::size_t kKept = 10'000;

  /// What is given outlives the jobs in `pool`.
  Quarantine(const Clock& clock, store::Database& database, net::BlockingPool& pool);
  /// Waits for what is being written.
  ~Quarantine();
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;

  /// For routing::Terms::accept: judges, and keeps what is refused. Errors: BadPayload.
  [[nodiscard]] std::function<Result<>(const feed::Provider&, const feed::BarsReply&)> bars(
      feed::BarsRequest request, std::string_view operation, Call call) const;
  [[nodiscard]] std::function<Result<>(const feed::Provider&, const Quote&)> quote(
      Symbol symbol, std::string_view operation, Call call) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ziggy::market
