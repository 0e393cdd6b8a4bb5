#pragma once

#include <optional>

#include "sla_track.hpp"
#include "ziggy/base/time.hpp"
#include "ziggy/store/sample_store.hpp"

namespace ziggy::routing {

/// A minute as it is stored, without names and time. The histogram's buckets carry the letter of
/// their scale, so that a later one is not read as this one.
[[nodiscard]] store::ProviderSample sample_of(const Minute& minute);
/// The minute of a stored sample; what it says in words this version does not know is left out.
[[nodiscard]] Minute minute_of(const store::ProviderSample& sample);

}  // namespace ziggy::routing
