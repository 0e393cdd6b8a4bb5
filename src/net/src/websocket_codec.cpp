#include "websocket_codec.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "ziggy/net/query.hpp"

namespace ziggy::net {

namespace {

std::string frame_head(Opcode opcode, std::size_t size) {
  std::string out;
  out.reserve(10 + size);
  out += static_cast<char>(0x80 | static_cast<int>(opcode));
  if (size < 126) {
    out += static_cast<char>(size);
    return out;
  }
  const int bytes = size <= 0xFFFF ? 2 : 8;
  out += static_cast<char>(bytes == 2 ? 126 : 127);
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>((static_cast<std::uint64_t>(size) >> shift) & 0xFF);
  }
  return out;
}

std::uint64_t read_big_endian(const char* at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value = (value << 8) | static_cast<unsigned char>(at[i]);
  }
  return value;
}

void unmask(char* data, std::size_t size, const char* mask) {
  std::uint64_t wide = 0;
  std::memcpy(&wide, mask, 4);
  std::memcpy(reinterpret_cast<char*>(&wide) + 4, mask, 4);
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data + i, 8);
    word ^= wide;
    std::memcpy(data + i, &word, 8);
  }
  for (; i < size; ++i) data[i] = static_cast<char>(data[i] ^ mask[i % 4]);
}

/// What may stand in a close frame (section 7.4, and the IANA registry for 1012 to 1014).
bool is_close_code(std::uint64_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace

struct MessageReader::Head {
  bool is_final;
  Opcode opcode;
};

std::string encode_frame(Opcode opcode, std::string_view payload) {
  std::string out = frame_head(opcode, payload.size());
  out += payload;
  return out;
}

std::string encode_close(std::uint16_t code, std::string_view reason) {
  std::string payload;
  if (code != close_code::kNoStatus) {
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xFF);
    reason = reason.substr(0, kControlMax - 2);
    // A cut may fall into a character; drop its rest.
    while (!is_utf8(reason)) reason.remove_suffix(1);
    payload += reason;
  }
  return encode_frame(Opcode::Close, payload);
}

MessageReader::Event MessageReader::failure(std::uint16_t code, std::string_view what) {
  return {.kind = Kind::Error, .payload = what, .code = code};
}

MessageReader::Event MessageReader::next(char* data, std::size_t size) {
  std::size_t consumed = 0;
  for (;;) {
    char* const at = data + consumed;
    const std::size_t left = size - consumed;
    const auto need = [&](std::size_t bytes) {
      return Event{.kind = Kind::NeedMore, .consumed = consumed, .needed = bytes};
    };
    if (left < 2) return need(2);
    const auto first = static_cast<unsigned char>(at[0]);
    const auto second = static_cast<unsigned char>(at[1]);
    if ((first & 0x70) != 0) return failure(close_code::kProtocolError, "reserved bits are set");
    const Head head{.is_final = (first & 0x80) != 0, .opcode = static_cast<Opcode>(first & 0x0F)};
    const bool is_control = (first & 0x08) != 0;
    if ((first & 0x0F) > 10 || ((first & 0x0F) > 2 && !is_control)) {
      return failure(close_code::kProtocolError, "unknown opcode");
    }
    if ((second & 0x80) == 0) {
      return failure(close_code::kProtocolError, "a client's frame is not masked");
    }
    const std::uint64_t short_size = second & 0x7F;
    if (is_control && (short_size > kControlMax || !head.is_final)) {
      return failure(close_code::kProtocolError, "a control frame is long or fragmented");
    }
    const std::size_t extra = short_size == 126 ? 2 : short_size == 127 ? 8 : 0;
    if (left < 2 + extra) return need(2 + extra);
    const std::uint64_t payload_size = extra == 0 ? short_size : read_big_endian(at + 2, extra);
    if ((extra == 2 && payload_size < 126) || (extra == 8 && payload_size <= 0xFFFF)) {
      return failure(close_code::kProtocolError, "a length is not in its shortest form");
    }
    if (!is_control && payload_size > message_max_ - message_.size()) {
      return failure(close_code::kTooBig, "the message is too long");
    }
    const std::size_t head_size = 2 + extra + 4;
    const std::size_t frame_size = head_size + static_cast<std::size_t>(payload_size);
    if (left < frame_size) return need(frame_size);
    char* const payload = at + head_size;
    unmask(payload, static_cast<std::size_t>(payload_size), payload - 4);
    consumed += frame_size;
    const std::string_view view{payload, static_cast<std::size_t>(payload_size)};
    Event event = is_control ? control(head, view) : data_frame(head, view);
    event.consumed = consumed;
    if (event.kind != Kind::NeedMore) return event;
  }
}

MessageReader::Event MessageReader::control(const Head& head, std::string_view payload) {
  if (head.opcode == Opcode::Ping) return {.kind = Kind::Ping, .payload = payload};
  if (head.opcode == Opcode::Pong) return {.kind = Kind::Pong, .payload = payload};
  if (payload.empty()) return {.kind = Kind::Close, .code = close_code::kNoStatus};
  if (payload.size() == 1) return failure(close_code::kProtocolError, "half a close code");
  const std::uint64_t code = read_big_endian(payload.data(), 2);
  if (!is_close_code(code)) return failure(close_code::kProtocolError, "no such close code");
  payload.remove_prefix(2);
  if (!is_utf8(payload)) return failure(close_code::kInvalidText, "the reason is not UTF-8");
  return {.kind = Kind::Close, .payload = payload, .code = static_cast<std::uint16_t>(code)};
}

/// NeedMore stands for "a fragment that completes nothing".
MessageReader::Event MessageReader::data_frame(const Head& head, std::string_view payload) {
  const bool is_first = head.opcode != Opcode::Continuation;
  const bool has_begun = message_opcode_ != Opcode::Continuation;
  if (is_first == has_begun) {
    return failure(close_code::kProtocolError,
                   is_first ? "a message begins within another" : "a continuation of nothing");
  }
  if (is_first && head.is_final) {
    finished_.clear();
    message_opcode_ = head.opcode;
  } else {
    if (is_first) message_opcode_ = head.opcode;
    message_ += payload;
    if (!head.is_final) return {};
    finished_ = std::move(message_);
    message_.clear();
    payload = finished_;
  }
  const bool is_text = message_opcode_ == Opcode::Text;
  message_opcode_ = Opcode::Continuation;
  if (is_text && !is_utf8(payload)) return failure(close_code::kInvalidText, "text is not UTF-8");
  return {.kind = is_text ? Kind::Text : Kind::Binary, .payload = payload};
}

std::string websocket_accept(std::string_view key) {
  std::string text{key};
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // section 1.3
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> base64{};
  const int size = EVP_EncodeBlock(base64.data(), digest.data(), SHA_DIGEST_LENGTH);
  return {reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(size)};
}

bool is_websocket_key(std::string_view key) noexcept {
  // 16 bytes are 22 digits and two of padding.
  if (key.size() != 24 || !key.ends_with("==")) return false;
  return std::ranges::all_of(key.substr(0, 22), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
}

}  // namespace ziggy::net
