#pragma once

#include <cmath>

#include "stream_protocol.hpp"
#include "ziggy/base/assert.hpp"

namespace ziggy::feed {

/// Holds that whatever a stranger sends, ticks that get through make sense.
class SaneSink final : public StreamSink {
 public:
  std::size_t told = 0;

  void on_quote(const Quote& quote) override {
    check(quote.symbol, quote.as_of);
    ZIGGY_ASSERT(quote.bid || quote.ask);
    for (const auto& price : {quote.bid, quote.ask}) ZIGGY_ASSERT(!price || is_positive(*price));
    for (const auto& size : {quote.bid_size, quote.ask_size}) ZIGGY_ASSERT(!size || *size >= 0);
  }
  void on_trade(const Trade& trade) override {
    check(trade.symbol, trade.time);
    ZIGGY_ASSERT(is_positive(trade.price) && std::isfinite(trade.size) && trade.size >= 0);
  }
  void on_bar(const Symbol& symbol, Interval, const Bar& bar, BarPhase) override {
    check(symbol, bar.time);
    for (const double price : {bar.open, bar.high, bar.low, bar.close}) {
      ZIGGY_ASSERT(is_positive(price));
    }
    ZIGGY_ASSERT(std::isfinite(bar.volume) && bar.volume >= 0);
  }
  void on_greeting() override { ++told; }
  void on_authenticated() override { ++told; }
  void on_subscribed(const Symbol& symbol) override { check(symbol, Timestamp::max()); }
  void on_denied(Error error) override { check(error); }
  void on_failed(Error error) override { check(error); }
  void on_dropped() override { ++told; }
  void on_ignored() override { ++told; }

 private:
  static bool is_positive(double price) { return std::isfinite(price) && price > 0; }
  void check(const Symbol& symbol, Timestamp time) {
    ++told;
    ZIGGY_ASSERT(!symbol.view().empty() && time.time_since_epoch().count() >= 0);
  }
  void check(const Error& error) {
    ++told;
    ZIGGY_ASSERT(error.detail().size() < 1'000);
  }
};

}  // namespace ziggy::feed
