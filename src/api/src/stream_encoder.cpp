#include "ziggy/api/stream_encoder.hpp"

#include "market_json.hpp"

namespace ziggy::api {

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

}  // namespace ziggy::api
