#pragma once

#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/feed/provider.hpp"

/// Yahoo's quotes, /v7/finance/quote?symbols=A,B.
namespace ziggy::feed {

/// The quotes of `symbols` in their order; those that the answer lacks, or has without a price, are
/// missing as UnknownSymbol. Others in the answer are passed over.
///
/// Before and after the session `last` and `as_of` are those of extended hours, when Yahoo has a
/// newer price from there; before it the previous close is then the last session's. Closed: the
/// session's. Sizes come in lots of 100 shares and are brought to units. Zeros of bid and ask mean
/// that there is none.
///
/// Errors: BadPayload for what is no answer with quotes; whatever yahoo_error makes of an error
/// inside.
[[nodiscard]] Result<QuotesReply> parse_quotes(std::string_view body,
                                               const std::vector<Symbol>& symbols);

}  // namespace ziggy::feed
