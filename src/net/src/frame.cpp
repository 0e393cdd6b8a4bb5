#include "websocket_codec.hpp"
#include "ziggy/net/websocket.hpp"

namespace ziggy::net {

Frame Frame::text(std::string_view payload) {
  return Frame{std::make_shared<const std::string>(encode_frame(Opcode::Text, payload))};
}

Frame Frame::binary(std::string_view payload) {
  return Frame{std::make_shared<const std::string>(encode_frame(Opcode::Binary, payload))};
}

std::string_view Frame::payload() const noexcept {
  const std::string_view all = *bytes_;
  const auto length = static_cast<unsigned char>(all[1]);
  return all.substr(length < 126 ? 2 : length == 126 ? 4 : 10);
}

Frame Frame::clone() const { return Frame{std::make_shared<const std::string>(*bytes_)}; }

}  // namespace ziggy::net
