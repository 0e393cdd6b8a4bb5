// Any bytes as a message of Polygon's stream.
#include <cstdint>

#include "polygon_messages.hpp"
#include "sane_sink.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ziggy::feed::PolygonMessages messages;
  ziggy::feed::SaneSink sink;
  const auto understood = messages.read({reinterpret_cast<const char*>(data), size}, sink);
  ZIGGY_ASSERT(understood || sink.told == 0);
  return 0;
}
