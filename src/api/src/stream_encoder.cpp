#include "ziggy/api/stream_encoder.hpp"

#include "market_json.hpp"

namespace ziggy::api {
namespace {

/// What every data message begins with; the object stays open.
JsonOut begin_data(std::string& out, std::string_view type, const streams::Envelope& envelope) {
  JsonOut json{out};
  json.begin_object().field("type", type).field("channel", "market").field("ts", envelope.ts);
  json.field("seq", envelope.seq);
  if (envelope.skipped > 0) json.field("skipped", envelope.skipped);
  return json;
}

}  // namespace

void StreamEncoder::encode(std::string& out, const streams::Envelope& envelope,
                           const streams::QuoteMessage& message) const {
  out += envelope.is_snapshot ? R"({"type":"snapshot","channel":"market","ts":)"
                              : R"({"type":"quote","channel":"market","ts":)";
  JsonOut json{out};
  json.value(envelope.ts).field("seq", envelope.seq);
  if (envelope.skipped > 0) json.field("skipped", envelope.skipped);
  out += ',';
  append_quote_members(out, message.quote, message.provider, message.stale, {}, envelope.ts);
  out += '}';
}

void StreamEncoder::encode(std::string& out, const streams::Envelope& envelope,
                           const streams::TradeMessage& message) const {
  begin_data(out, "trade", envelope)
      .field("symbol", message.trade.symbol.view())
      .field("price", message.trade.price)
      .field("size", message.trade.size)
      .field("as_of", message.trade.time)
      .field("provider", message.provider)
      .end_object();
}

void StreamEncoder::encode(std::string& out, const streams::Envelope& envelope,
                           const streams::BarMessage& message) const {
  JsonOut json = begin_data(out, "bar", envelope);
  const Bar& bar = message.bar;
  json.field("symbol", message.symbol.view())
      .field("interval", interval_name(message.interval))
      .field("t", bar.time)
      .field("o", bar.open)
      .field("h", bar.high)
      .field("l", bar.low)
      .field("c", bar.close)
      .field("v", bar.volume);
  // A bar that says nothing of it is closed, as those of the REST answer are.
  if (message.phase == BarPhase::Running) json.field("phase", "running");
  if (message.phase == BarPhase::Corrected) json.field("phase", "corrected");
  json.field("provider", message.provider).end_object();
}

void StreamEncoder::encode(std::string& out, const streams::Envelope& envelope,
                           const streams::GapMessage& message) const {
  JsonOut{out}
      .begin_object()
      .field("type", "gap")
      .field("channel", "market")
      .field("ts", envelope.ts)
      .field("symbol", message.symbol.view())
      .field("from", message.from)
      .field("to", message.to)
      .field("healed", message.healed)
      .end_object();
}

}  // namespace ziggy::api
