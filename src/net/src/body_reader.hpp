#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ziggy::net {

/// Reads one request's body, of a known length or in chunks (RFC 9112, section 7.1). Takes bytes as
/// they come and keeps none, strict where leniency smuggles: lines end with CRLF, no white space
/// around a size. Beast's own reader asserts on some trailers that a client can send.
class BodyReader {
 public:
  enum class Status : std::uint8_t { NeedMore, Done, Malformed, TooLarge };

  /// Extensions and trailers carry nothing that anybody asked for; so much of them is skipped.
  static constexpr std::size_t kLineMax = 256;
  static constexpr std::size_t kTrailersMax = 4096;

  /// `length` is at most what the route allows.
  static BodyReader of_length(std::uint64_t length) { return {State::Fixed, length, length}; }
  static BodyReader of_chunks(std::uint64_t body_max) { return {State::Size, 0, body_max}; }

  /// Appends to `body`; `used` says how much of `bytes` belonged to this body: all of it, unless it
  /// ends here.
  Status feed(std::string_view bytes, std::size_t& used, std::string& body);

 private:
  enum class State : std::uint8_t {
    Fixed,
    Size,       // of a chunk: at least one digit, then more
    Extension,  // … up to the end of its line
    SizeLf,     // its line's LF
    Data,
    DataCr,
    DataLf,
    TrailerStart,  // a line that may be the empty one
    Trailer,
    TrailerLf,
    LastLf,
  };
  BodyReader(State state, std::uint64_t left, std::uint64_t max)
      : state_{state}, left_{left}, max_{max} {}
  /// One byte of framing; false when it may not stand there.
  bool step(char byte);

  State state_;
  std::uint64_t left_;    // of the fixed body or the chunk
  std::uint64_t max_;     // of the whole body
  std::size_t line_ = 0;  // bytes of this line, or of all trailers
  bool is_too_large_ = false;
  bool is_done_ = false;
};

}  // namespace ziggy::net
