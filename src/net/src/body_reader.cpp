#include "body_reader.hpp"

#include <algorithm>

namespace ziggy::net {

namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_text(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 32 && byte != 127) || byte == '\t';
}

}  // namespace

bool BodyReader::step(char byte) {
  switch (state_) {
    case State::Size: {
      const int digit = hex_digit(byte);
      if (digit >= 0) {
        // A size that is too large stays so; zeros in front count as length of the line.
        left_ = std::min<std::uint64_t>(left_ * 16 + static_cast<std::uint64_t>(digit), 1ULL << 56);
        return ++line_ <= kLineMax;
      }
      if (line_ == 0) return false;
      if (byte == ';') {
        state_ = State::Extension;
        return true;
      }
      state_ = State::SizeLf;
      return byte == '\r';
    }
    case State::Extension:
      if (byte == '\r') {
        state_ = State::SizeLf;
        return true;
      }
      return is_text(byte) && ++line_ <= kLineMax;
    case State::SizeLf:
      line_ = 0;
      state_ = left_ > 0 ? State::Data : State::TrailerStart;
      is_too_large_ = left_ > max_;
      max_ -= std::min(left_, max_);
      return byte == '\n';
    case State::DataCr:
      state_ = State::DataLf;
      return byte == '\r';
    case State::DataLf:
      state_ = State::Size;
      return byte == '\n';
    case State::TrailerStart:
      state_ = byte == '\r' ? State::LastLf : State::Trailer;
      return byte == '\r' || (is_text(byte) && ++line_ <= kTrailersMax);
    case State::Trailer:
      if (byte == '\r') {
        state_ = State::TrailerLf;
        return true;
      }
      return is_text(byte) && ++line_ <= kTrailersMax;
    case State::TrailerLf:
      state_ = State::TrailerStart;
      return byte == '\n';
    case State::LastLf:
      is_done_ = true;
      return byte == '\n';
    case State::Fixed:
    case State::Data:
      break;
  }
  return false;
}

BodyReader::Status BodyReader::feed(std::string_view bytes, std::size_t& used, std::string& body) {
  used = 0;
  while (used < bytes.size()) {
    if (state_ == State::Fixed || state_ == State::Data) {
      const auto size =
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - used));
      body.append(bytes.substr(used, size));
      used += size;
      left_ -= size;
      if (left_ > 0) break;
      if (state_ == State::Fixed) return Status::Done;
      state_ = State::DataCr;
      continue;
    }
    if (!step(bytes[used++])) return Status::Malformed;
    if (is_too_large_) return Status::TooLarge;
    if (is_done_) return Status::Done;
  }
  return Status::NeedMore;
}

}  // namespace ziggy::net
