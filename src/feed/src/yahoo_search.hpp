#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/feed/provider.hpp"

/// Yahoo's search, /v1/finance/search?q=…, which also gives headlines.
namespace ziggy::feed {

/// What was found, the best first, at most `limit`; results that are no instruments (companies,
/// lists) are left out. Errors: BadPayload; whatever yahoo_error makes of an error inside.
[[nodiscard]] Result<std::vector<SymbolInfo>> parse_search(std::string_view body,
                                                           std::size_t limit);

/// Headlines inside `range` that name `symbol` among their tickers, or name none at all; ascending
/// by time. Errors as above.
[[nodiscard]] Result<std::vector<Headline>> parse_headlines(std::string_view body, Symbol symbol,
                                                            TimeRange range);

}  // namespace ziggy::feed
