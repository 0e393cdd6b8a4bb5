#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ziggy/net/websocket.hpp"

/// RFC 6455, sections 5 to 7: the server's side, without extensions. No I/O here.
namespace ziggy::net {

enum class Opcode : std::uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10,
};

/// The longest header that a client sends: 2, 8 of length, 4 of mask.
inline constexpr std::size_t kFrameHeadMax = 14;
/// Control frames carry at most this (section 5.5).
inline constexpr std::size_t kControlMax = 125;

/// A whole unmasked frame, final, as a server sends it.
[[nodiscard]] std::string encode_frame(Opcode opcode, std::string_view payload);
/// A close frame; code kNoStatus gives an empty one, and `reason` is cut to what fits.
[[nodiscard]] std::string encode_close(std::uint16_t code, std::string_view reason);

/// Makes messages of a client's bytes. Everything is checked: masks, reserved bits, lengths in
/// shortest form, fragmentation, UTF-8, close codes.
class MessageReader {
 public:
  enum class Kind : std::uint8_t { NeedMore, Text, Binary, Ping, Pong, Close, Error };
  struct Event {
    Kind kind = Kind::NeedMore;
    /// The message, valid until the next call; for Close its reason, for Error what was wrong.
    std::string_view payload{};
    std::uint16_t code = 0;    ///< Close: the peer's code or kNoStatus; Error: what to close with
    std::size_t consumed = 0;  ///< bytes of `data` that are used up
    std::size_t needed = 0;    ///< NeedMore: how many bytes from the start of `data` are needed
  };

  /// `message_max`: bytes of a message, its fragments together; more is an Error with kTooBig.
  explicit MessageReader(std::size_t message_max) : message_max_{message_max} {}

  /// Takes one frame from the front of `data`, which is unmasked in place. Fragments that complete
  /// no message are consumed and the next frame is tried. After Error or Close nothing more may be
  /// asked.
  Event next(char* data, std::size_t size);

 private:
  struct Head;
  static Event failure(std::uint16_t code, std::string_view what);
  Event control(const Head& head, std::string_view payload);
  Event data_frame(const Head& head, std::string_view payload);

  std::size_t message_max_;
  std::string message_;  // the fragments so far; taken over by finished_ when it is whole
  std::string finished_;
  Opcode message_opcode_ = Opcode::Continuation;  // Continuation: no message has begun
};

/// 16 bytes in base64.
[[nodiscard]] bool is_websocket_key(std::string_view key) noexcept;

}  // namespace ziggy::net
