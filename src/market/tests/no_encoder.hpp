#pragma once

#include <string>

#include "ziggy/streams/hub.hpp"

namespace ziggy::market {

/// For hubs whose messages nobody reads.
class NoEncoder final : public streams::Encoder {
 public:
  void encode(std::string& /*out*/, const streams::Envelope& /*envelope*/,
              const streams::QuoteMessage& /*message*/) const override {}
  void encode(std::string& /*out*/, const streams::Envelope& /*envelope*/,
              const streams::TradeMessage& /*message*/) const override {}
  void encode(std::string& /*out*/, const streams::Envelope& /*envelope*/,
              const streams::BarMessage& /*message*/) const override {}
  void encode(std::string& /*out*/, const streams::Envelope& /*envelope*/,
              const streams::GapMessage& /*message*/) const override {}
};

}  // namespace ziggy::market
