/// Request heads and bodies by the parser alone: views stay inside the head, limits hold, and bytes
/// in pieces give the same body as bytes at once.
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "negotiate.hpp"
#include "request_parser.hpp"

namespace {

using namespace ziggy::net;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  bool is_done = false;
  bool has_failed = false;
  std::string body{};
  std::size_t used = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// The body as the connection reads it: what the parser leaves stays in front of what comes.
Outcome read_body(RequestParser& parser, std::string_view bytes, std::size_t piece,
                  const std::string& body) {
  Outcome outcome;
  std::string window;
  parser.eager(true);
  parser.body_limit(1000);
  while (!parser.is_done() && !outcome.has_failed) {
    boost::beast::error_code ec;
    if (!window.empty()) {
      const std::size_t used =
          parser.put(boost::asio::const_buffer{window.data(), window.size()}, ec);
      window.erase(0, used);
      outcome.used += used;
      outcome.has_failed = ec && ec != boost::beast::http::error::need_more;
      if (parser.is_done() || outcome.has_failed) break;
      if (used > 0 && !window.empty()) continue;
    }
    if (bytes.empty()) break;
    window += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  outcome.is_done = parser.is_done();
  if (outcome.is_done) outcome.body = body;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  Outcome outcomes[2];
  for (int round = 0; round < 2; ++round) {
    std::vector<Header> headers;
    std::string body;
    RequestParser parser{headers, body, 20};
    parser.header_limit(4096);
    boost::beast::error_code ec;
    const std::size_t used = parser.put(boost::asio::const_buffer{bytes.data(), bytes.size()}, ec);
    require(headers.size() <= 20);
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
    const std::size_t piece = round == 0 ? bytes.size() + 1 : 1;
    outcomes[round] = read_body(parser, std::string_view{bytes}.substr(used), piece, body);
    if (outcomes[round].is_done && parser.chunked()) require(outcomes[round].body.size() <= 1000);
  }
  require(outcomes[0].is_done == outcomes[1].is_done);
  if (outcomes[0].is_done) require(outcomes[0] == outcomes[1]);
  return 0;
}
