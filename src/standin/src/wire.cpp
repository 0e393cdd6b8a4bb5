#include "wire.hpp"

#include "ziggy/base/text.hpp"
#include "ziggy/net/http.hpp"
#include "ziggy/net/websocket.hpp"

namespace ziggy::standin {

namespace {

constexpr std::size_t kHeadersMax = 100;

}  // namespace

std::string_view WireRequest::header(std::string_view lower_name) const noexcept {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return {};
}

bool WireRequest::keeps_alive() const noexcept {
  return !text::equals_ignoring_case(header("connection"), "close");
}

bool WireRequest::is_websocket() const noexcept {
  return text::equals_ignoring_case(header("upgrade"), "websocket") &&
         !header("sec-websocket-key").empty();
}

Result<WireRequest> parse_head(std::string_view head) {
  WireRequest request;
  std::size_t at = head.find("\r\n");
  const std::string_view line = head.substr(0, at);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first ||
      !line.substr(last).starts_with(" HTTP/1.")) {
    return fail(ErrorCode::MalformedRequest, "no request line");
  }
  request.method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  while (at != std::string_view::npos && at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string_view field = head.substr(at + 2, end - at - 2);
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos || request.headers.size() >= kHeadersMax) {
      return fail(ErrorCode::MalformedRequest, "a wrong header, or too many");
    }
    request.headers.emplace_back(text::lower(field.substr(0, colon)),
                                 std::string{text::trim(field.substr(colon + 1))});
    at = end;
  }
  return request;
}

std::string render(const WireAnswer& answer, bool keeps_alive) {
  std::string out =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {}\r\n",
                  answer.status, net::reason_phrase(answer.status), answer.content_type,
                  answer.body.size(), keeps_alive ? "keep-alive" : "close");
  for (const auto& [name, value] : answer.headers) out += fmt::format("{}: {}\r\n", name, value);
  out += "\r\n";
  out += answer.body;
  return out;
}

std::string render_upgrade(std::string_view key) {
  return fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: {}\r\n\r\n",
      net::websocket_accept(key));
}

}  // namespace ziggy::standin
