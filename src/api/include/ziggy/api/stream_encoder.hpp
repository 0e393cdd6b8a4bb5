#pragma once

#include "ziggy/base/clock.hpp"
#include "ziggy/streams/hub.hpp"

namespace ziggy::api {

/// Stream messages as the public contract writes them: one flat JSON object with `type`, `channel`,
/// `ts`, `seq` (and `skipped` after a loss), then the fields of the REST answer. A `gap` has no
/// `seq`.
class StreamEncoder final : public streams::Encoder {
 public:
  void encode(std::string& out, const streams::Envelope& envelope,
              const streams::QuoteMessage& message) const override;
  void encode(std::string& out, const streams::Envelope& envelope,
              const streams::TradeMessage& message) const override;
  void encode(std::string& out, const streams::Envelope& envelope,
              const streams::BarMessage& message) const override;
  void encode(std::string& out, const streams::Envelope& envelope,
              const streams::GapMessage& message) const override;
};

}  // namespace ziggy::api
