#include <cstdint>
#include <cstdlib>
#include <string>

#include "msgpack_json.hpp"
#include "streams.hpp"
#include "wire.hpp"

// What a client sends to the stand-in: a request's head, then frames of a WebSocket, whose payloads
// may be MessagePack.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy::standin;
  std::string bytes{reinterpret_cast<const char*>(data), size};
  if (const auto request = parse_head(bytes)) {
    if (request->method.size() + request->path.size() + request->query.size() > size) std::abort();
  }
  const std::size_t before = bytes.size();
  ClientFrame frame;
  while (take_frame(bytes, frame) == FrameState::Whole) {
    if (frame.payload.size() > before) std::abort();
    const auto command = json_of_msgpack(frame.payload);
    if (command && msgpack_of_json(*command).empty()) std::abort();
  }
  return 0;
}
