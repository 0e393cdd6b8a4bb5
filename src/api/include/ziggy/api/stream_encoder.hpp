#pragma once

#include "ziggy/base/clock.hpp"
#include "ziggy/streams/hub.hpp"

namespace ziggy::api {

/// Stream messages as the public contract writes them: one flat JSON object with `type`, `channel`,
/// `ts`, `seq` (and `skipped` after a gap), then the fields of the REST answer.
class StreamEncoder final : public streams::Encoder {
 public:
  void encode(std::string& out, const streams::Envelope& envelope,
              const streams::QuoteMessage& message) const override;
};

}  // namespace ziggy::api
