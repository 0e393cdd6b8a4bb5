#pragma once

#include <cstdint>

#include "ziggy/base/time.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy {

/// A print on the tape. Price in the quote currency, size in units.
struct Trade {
  Symbol symbol;
  Timestamp time;
  double price = 0;
  double size = 0;
  /// The vendor's own number of the print, 0 when it gives none: tells a repeated print from a new
  /// one.
  std::uint64_t id = 0;
  friend bool operator==(const Trade&, const Trade&) = default;
};

}  // namespace ziggy
