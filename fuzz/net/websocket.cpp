/// A client's WebSocket bytes: however they are cut, the same events; messages within their limit,
/// text is UTF-8.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "websocket_codec.hpp"
#include "ziggy/net/query.hpp"

namespace {

using namespace ziggy::net;
using Kind = MessageReader::Kind;

constexpr std::size_t kMessageMax = 300;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Seen {
  Kind kind;
  std::string payload;
  std::uint16_t code;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::vector<Seen> read_all(std::string_view bytes, std::size_t piece) {
  MessageReader reader{kMessageMax};
  std::vector<Seen> seen;
  std::string buffer;
  for (;;) {
    const MessageReader::Event event = reader.next(buffer.data(), buffer.size());
    require(event.consumed <= buffer.size());
    if (event.kind == Kind::NeedMore) {
      require(event.needed > buffer.size() - event.consumed);
      require(event.needed <= kMessageMax + kFrameHeadMax);
      buffer.erase(0, event.consumed);
      if (bytes.empty()) return seen;
      buffer += bytes.substr(0, piece);
      bytes.remove_prefix(std::min(piece, bytes.size()));
      continue;
    }
    require(event.payload.size() <= kMessageMax);
    if (event.kind == Kind::Text) require(is_utf8(event.payload));
    seen.push_back({event.kind, std::string{event.payload}, event.code});
    if (event.kind == Kind::Error || event.kind == Kind::Close) return seen;
    buffer.erase(0, event.consumed);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto whole = read_all(bytes, bytes.size() + 1);
  require(read_all(bytes, 1) == whole);
  require(read_all(bytes, 1 + data[0] % 32) == whole);
  (void)is_websocket_key(bytes);
  return 0;
}
