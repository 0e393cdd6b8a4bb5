/// A whole server behind a socket: any bytes get answers or a close, never silence, and the next
/// client is served.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "ziggy/base/log.hpp"
#include "ziggy/net/server.hpp"
#include "ziggy/net/websocket.hpp"

namespace {

using namespace ziggy::net;

Task<Response> echo(Request request) {
  co_return make_response(200, "text/plain", std::string{request.body});
}

Task<Response> open(Request) {
  Response response;
  response.upgrade = [](std::shared_ptr<WebSocket> socket) { socket->send(Frame::text("hi")); };
  co_return response;
}

struct Running {
  ziggy::SystemClock clock;
  Loops loops{1};
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;

  Running() {
    ziggy::log::LogSettings log;
    log.level = ziggy::log::Level::Off;
    ziggy::log::start(log);
    const Policy policy{.body_max = 500,
                        .timeout = std::chrono::seconds{1},
                        .scope = "public",
                        .rate_class = "default"};
    Router router;
    router.get("/a/{x}", policy, nullptr, [](const Request& request, Response& response) {
      response.body = request.param("x");
      response.cache = CachePolicy::Revalidate;
      return true;
    });
    router.post("/e", policy, echo).websocket("/w", policy, open);
    ServerSettings settings;
    settings.port = 0;
    settings.head_max = 2048;
    settings.cors_origins = {"https://app.example"};
    server = std::make_unique<Server>(loops, clock, std::move(router), settings,
                                      [](const ziggy::Error& error, const Request&, Response& out) {
                                        out.status = 400;
                                        out.body = error.detail();
                                      });
    const auto bound = server->listen();
    if (!bound) std::abort();
    port = *bound;
    loops.run();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Never destroyed: the libraries clean up at exit before it could be.
  static Running& running = *new Running;
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(running.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{.tv_sec = 8, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  // Reset at the end: thousands of runs a second would use up the ports.
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  // In two parts, to try what happens between them.
  const std::size_t first = size > 0 ? data[0] % (size + 1) : 0;
  ::send(fd, data, first, MSG_NOSIGNAL);
  ::send(fd, data + first, size - first, MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
  char bytes[4096];
  ssize_t got = 0;
  while ((got = ::recv(fd, bytes, sizeof bytes, 0)) > 0) {
  }
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) std::abort();
  ::close(fd);
  return 0;
}
