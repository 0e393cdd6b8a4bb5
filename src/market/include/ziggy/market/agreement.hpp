#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/routing/chain.hpp"
#include "ziggy/routing/desk.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::market {

class Quarantine;

/// Two closes of the same day that differ by more are of different prices: vendors round, and take
/// the close from the auction or from the last trade, which differ by a few hundredths of a
/// percent.
inline constexpr double kCloseTolerance = 0.005;
/// Days that are compared.
inline constexpr int kDaysCompared = 10;

/// Everything outlives the Agreement.
struct AgreementParts {
  const Clock& clock;
  store::Database& database;
  net::BlockingPool& pool;
  const routing::Chain& prices;
  const routing::Chain& crypto;
  routing::Desk& desk;
};

/// What came of comparing vendors on one symbol.
struct AgreementVerdict {
  Symbol symbol;
  /// Those that answered, and those of them that are alone with their closes.
  std::vector<std::string> compared;
  std::vector<std::string> disagreeing;
};

/// Compares what vendors say about the same closed days, in the background: a vendor that answers
/// quickly and wrongly is found out by the others. The closes' median is the reference; of two that
/// differ nobody knows which one is wrong, so both disagree.
class Agreement {
 public:
  explicit Agreement(AgreementParts parts);

  /// Asks every real vendor of the symbol's chain and tells the desk; nullopt when fewer than two
  /// answered.
  net::Task<std::optional<AgreementVerdict>> check(Symbol symbol, Call call);
  /// The same for the next symbol with stored days that was not imported; nullopt when there is
  /// none. Errors: StorageUnavailable.
  net::Task<Result<std::optional<AgreementVerdict>>> check_next(Call call);

 private:
  AgreementParts parts_;
  std::shared_ptr<const Quarantine> quarantine_;
  std::optional<Symbol> last_;
};

}  // namespace ziggy::market
