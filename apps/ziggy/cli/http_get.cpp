#include "cli/http_get.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "ziggy/base/text.hpp"

namespace ziggy::app {

namespace {

// More than any answer of /health.
constexpr std::size_t kAnswerSizeMax = 1 << 20;

struct Target {
  std::string host;
  std::string port = "80";
  std::string path = "/";
};

Result<Target> parse_target(std::string_view url) {
  const auto wrong = [&] {
    return fail(ErrorCode::ValidationFailed, "'{}' is not a URL like http://127.0.0.1:8000", url);
  };
  if (!url.starts_with("http://")) return wrong();
  url.remove_prefix(7);
  Target target;
  const std::size_t slash = url.find('/');
  if (slash != std::string_view::npos) target.path = url.substr(slash);
  std::string_view host = url.substr(0, slash);
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    target.port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  target.host = host;
  if (target.host.empty() || !text::parse_int(target.port)) return wrong();
  return target;
}

class Socket {
 public:
  explicit Socket(int fd) : fd_{fd} {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace

Result<HttpAnswer> http_get(const std::string& url, std::chrono::milliseconds timeout) {
  ZIGGY_TRY(target, parse_target(url));
  const auto no_answer = [&] {
    const bool timed_out = errno == EAGAIN || errno == EINPROGRESS;
    return fail(timed_out ? ErrorCode::ProviderTimeout : ErrorCode::ProviderUnavailable,
                "no answer from {}:{}", target.host, target.port);
  };
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found) != 0) {
    return fail(ErrorCode::ProviderUnavailable, "nobody knows the host {}", target.host);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses{found, ::freeaddrinfo};
  const Socket socket{::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  timeval wait{};
  wait.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(timeout).count();
  wait.tv_usec =
      std::chrono::duration_cast<std::chrono::microseconds>(timeout % std::chrono::seconds{1})
          .count();
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  if (::connect(socket.fd(), found->ai_addr, found->ai_addrlen) != 0) return no_answer();
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\nAccept-Encoding: identity\r\n\r\n",
      target.path, target.host, target.port);
  if (::send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return no_answer();
  }
  std::string answer;
  char bytes[4096];
  ssize_t got = 0;
  while (answer.size() < kAnswerSizeMax &&
         (got = ::recv(socket.fd(), bytes, sizeof bytes, 0)) > 0) {
    answer.append(bytes, static_cast<std::size_t>(got));
  }
  if (got < 0) return no_answer();
  const std::size_t head_end = answer.find("\r\n\r\n");
  const auto status = text::parse_int(
      std::string_view{answer}.substr(0, 12).substr(std::min<std::size_t>(9, answer.size())));
  if (!answer.starts_with("HTTP/1.1 ") || head_end == std::string::npos || !status) {
    return fail(ErrorCode::BadPayload, "{}:{} does not speak HTTP", target.host, target.port);
  }
  return HttpAnswer{static_cast<int>(*status), answer.substr(head_end + 4)};
}

}  // namespace ziggy::app
