#pragma once

#include <cstdint>

#include "ziggy/base/time.hpp"

namespace ziggy {

/// A split or a cash dividend. Bars are stored unadjusted; actions lie apart and adjust on read.
struct CorporateAction {
  enum class Kind : std::uint8_t { Split, Dividend };

  Kind kind = Kind::Split;
  /// The ex-date at 00:00Z: the first session that trades without the old shares or the dividend.
  Timestamp ex_date;
  /// Split: new shares for one old (4 for 4-for-1, 0.1 for 1-for-10). Dividend: cash a share, in
  /// the quote currency, unadjusted.
  double value = 0;
  friend bool operator==(const CorporateAction&, const CorporateAction&) = default;
};

/// Which actions are folded into prices and volumes on read.
enum class Adjustment : std::uint8_t { Raw, Split, All };

}  // namespace ziggy
