#pragma once

#include <string>
#include <string_view>

namespace ziggy::net::testing {

/// A frame as a client sends it, masked; `first` is the byte of FIN, reserved bits and opcode.
inline std::string client_frame(int first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  const std::size_t size = payload.size();
  const int bytes = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
  out += static_cast<char>(0x80 | (bytes == 0 ? static_cast<int>(size) : bytes == 2 ? 126 : 127));
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>((static_cast<unsigned long long>(size) >> shift) & 0xFF);
  }
  constexpr std::string_view kMask = "\x37\xfa\x21\x3d";
  out += kMask;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(payload[i] ^ kMask[i % 4]);
  return out;
}

}  // namespace ziggy::net::testing
