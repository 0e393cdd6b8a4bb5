#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/store/bar_store.hpp"

namespace ziggy::store {

/// Splits and dividends, apart from the bars they explain. One of a kind a symbol and ex-date.
/// Blocking; any thread. Errors everywhere: StorageUnavailable.
class ActionStore {
 public:
  explicit ActionStore(Backend& backend) : backend_{backend} {}

  /// Inserts and replaces in one transaction; the newest write wins. Several dividends of one
  /// ex-date in one call are added up and several splits multiplied, which adjusts to the same;
  /// the outcome counts the combined ones. Errors: ValidationFailed unless every value is finite
  /// and above zero, ex-dates lie at 00:00Z and `source` is as for bars.
  [[nodiscard]] Result<WriteOutcome> write(Symbol symbol, std::string_view source,
                                           std::span<const CorporateAction> actions);
  /// Ascending by ex-date, a split before a dividend of the same day.
  [[nodiscard]] Result<std::vector<CorporateAction>> read(Symbol symbol);

 private:
  Backend& backend_;
};

}  // namespace ziggy::store
