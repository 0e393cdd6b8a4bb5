#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ziggy/domain/symbol.hpp"

/// How Yahoo spells what Ziggy calls by its canonical name. Pure; each canonical form comes back
/// from its spelling.
///
/// | canonical | Yahoo | |
/// |---|---|---|
/// | BRK.B | BRK-B | class of a share: one letter, but not F, L, T, V (below) |
/// | BAC.PRL, BAC.PR | BAC-PL, BAC-P | preferred share of a series, without a series |
/// | ACHR.WS, IPOD.U, X.RT | ACHR-WT, IPOD-UN, X-RI | warrant, unit, right |
/// | VOD.L, SAP.F, SONY.T, ABC.V, SAP.DE | the same | other exchanges: Frankfurt, London, … |
/// | BTC-USD, ^GSPC, EURUSD=X, GC=F | the same | |
namespace ziggy::feed {

[[nodiscard]] std::string to_yahoo(const Symbol& symbol);

/// nullopt when it cannot be a symbol of Ziggy's.
[[nodiscard]] std::optional<Symbol> from_yahoo(std::string_view spelling);

}  // namespace ziggy::feed
