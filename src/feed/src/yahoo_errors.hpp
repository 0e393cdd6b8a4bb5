#pragma once

#include <optional>
#include <string_view>

#include "vendor_client.hpp"
#include "vendor_json.hpp"

namespace ziggy::feed {

/// What `{"chart":{"result":null,"error":{"code":…,"description":…}}}` means, whatever the wrapper
/// and the status: UnknownSymbol, NoData (nothing in this range), NotSupported (interval, range,
/// parameters), CredentialsRejected (crumb or cookie), NotEntitled, ProviderQuota,
/// ProviderUnavailable; BadPayload for words that nobody has heard yet. `description` is quoted.
[[nodiscard]] Error yahoo_error(std::string_view code, std::string_view description);

/// The error inside `wrapper` (`chart`, `quoteResponse`) or inside `finance`, which Yahoo uses for
/// all routes; nullopt when there is none.
[[nodiscard]] std::optional<Error> yahoo_error_in(JsonValue root, std::string_view wrapper);

/// For VendorClient: looks for Yahoo's own words behind a 4xx.
[[nodiscard]] std::optional<Error> refine_yahoo(const VendorRefusal& refusal);

}  // namespace ziggy::feed
