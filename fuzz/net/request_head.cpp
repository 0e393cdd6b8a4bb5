/// Request heads and bodies by the parser alone: views stay inside the head, limits hold, and bytes
/// in pieces give the same body as bytes at once.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "body_reader.hpp"
#include "negotiate.hpp"
#include "request_parser.hpp"

namespace {

using namespace ziggy::net;

constexpr std::size_t kBodyMax = 1000;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  BodyReader::Status status = BodyReader::Status::NeedMore;
  std::string body{};
  std::size_t used = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read_body(BodyReader reader, std::string_view bytes, std::size_t piece) {
  Outcome outcome;
  while (outcome.status == BodyReader::Status::NeedMore && outcome.used < bytes.size()) {
    std::size_t used = 0;
    outcome.status = reader.feed(bytes.substr(outcome.used, piece), used, outcome.body);
    require(used > 0);
    outcome.used += used;
  }
  require(outcome.body.size() <= kBodyMax);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  std::vector<Header> headers;
  RequestParser parser{headers, 20};
  parser.header_limit(4096);
  boost::beast::error_code ec;
  const std::size_t used = parser.put(boost::asio::const_buffer{bytes.data(), bytes.size()}, ec);
  require(headers.size() <= 20);
  // The chunks' reader alone, whatever the head is.
  require(read_body(BodyReader::of_chunks(kBodyMax), bytes, 1) ==
          read_body(BodyReader::of_chunks(kBodyMax), bytes, bytes.size() + 1));
  if (ec) return 0;
  const std::string_view head = std::string_view{bytes}.substr(0, used);
  const auto inside = [&](std::string_view view) {
    return view.empty() ||
           (view.data() >= head.data() && view.data() + view.size() <= head.data() + head.size());
  };
  require(inside(parser.target()) && inside(parser.known().host));
  for (const Header& header : headers) {
    require(inside(header.name) && inside(header.value));
    require(header.value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos);
  }
  (void)split_target(parser.target());
  (void)correlation_id_of(parser.known());
  if (parser.is_done()) return 0;
  const auto length = parser.content_length();
  if (length && *length > kBodyMax) return 0;
  const BodyReader reader =
      length ? BodyReader::of_length(*length) : BodyReader::of_chunks(kBodyMax);
  const std::string_view rest = std::string_view{bytes}.substr(used);
  const Outcome whole = read_body(reader, rest, rest.size() + 1);
  require(read_body(reader, rest, 1) == whole);
  require(read_body(reader, rest, 7) == whole);
  return 0;
}
