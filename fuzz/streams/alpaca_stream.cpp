// Any bytes as a message of Alpaca's stream; the first byte chooses the codec.
#include <cstdint>

#include "alpaca_messages.hpp"
#include "sane_sink.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static ziggy::feed::AlpacaMessages messages;
  const std::string_view payload{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto kind =
      data[0] == 'j' ? ziggy::net::MessageKind::Text : ziggy::net::MessageKind::Binary;
  ziggy::feed::SaneSink sink;
  const auto understood = messages.read(payload, kind, sink);
  ZIGGY_ASSERT(understood || sink.told == 0);
  return 0;
}
