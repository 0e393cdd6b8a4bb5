#pragma once

#include <span>

#include "ziggy/domain/bar_file.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::market {

/// Holds a file against the stored bars just before and just after it, as if they were rows of it:
/// a split on its first row is judged by the step from the stored close and left out (and noted)
/// when the prices do not show it; a jump that no split explains is a problem of the first or last
/// line. `known` are the splits of the store. Only for clean files. Errors: StorageUnavailable.
[[nodiscard]] Result<> check_seams(BarFile& file, const Symbol& symbol, store::BarStore& stored,
                                   std::span<const CorporateAction> known);

}  // namespace ziggy::market
