#pragma once

#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy::feed {

/// Polygon's spelling: `AAPL`, `BRK.B`, `BACpL` for BAC.PRL (preferred; `r` rights for .RT, `w`
/// when issued for .WI), `X:BTCUSD` for BTC-USD, `I:SPX` for ^SPX (and for Yahoo's ^GSPC),
/// `C:EURUSD` for EURUSD=X.
[[nodiscard]] std::string to_polygon(const Symbol& symbol);

/// The way back; a coin is split from its currency by the currencies that coins are quoted in.
/// Errors: ValidationFailed for what has no canonical name (options `O:…`).
[[nodiscard]] Result<Symbol> from_polygon(std::string_view ticker);

/// A pair without a separator (`BTCUSD`) as canonical BTC-USD. Errors: ValidationFailed.
[[nodiscard]] Result<Symbol> coin_from_joined(std::string_view pair);

}  // namespace ziggy::feed
