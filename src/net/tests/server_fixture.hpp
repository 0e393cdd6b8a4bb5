#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client.hpp"
#include "ziggy/net/loops.hpp"
#include "ziggy/net/server.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::net::testing {

/// Bodies of the server's own errors in these tests: "code: detail".
inline void render_plain_error(const Error& error, const Request&, Response& response) {
  switch (error.code()) {
    case ErrorCode::NotFound:
      response.status = 404;
      break;
    case ErrorCode::MethodNotAllowed:
      response.status = 405;
      break;
    case ErrorCode::PayloadTooLarge:
      response.status = 413;
      break;
    case ErrorCode::HeadersTooLarge:
      response.status = 431;
      break;
    case ErrorCode::DeadlineExceeded:
      response.status = 504;
      break;
    case ErrorCode::Forbidden:
      response.status = 403;
      break;
    case ErrorCode::Internal:
      response.status = 500;
      break;
    default:
      response.status = 400;
      break;
  }
  response.content_type = "text/plain";
  response.body = std::string{code_name(error.code())} + ": " + error.detail();
}

inline Policy open_policy() {
  return {.body_max = 1000,
          .timeout = std::chrono::milliseconds{2000},
          .scope = "public",
          .rate_class = "default"};
}

/// A server on loops of its own and a port that the system chose.
class ServerFixture : public ::testing::Test {
 protected:
  void start(Router router, ServerSettings settings = {}, std::size_t loops = 1) {
    settings.port = 0;
    loops_ = std::make_unique<Loops>(loops);
    server_ = std::make_unique<Server>(*loops_, clock_, std::move(router), std::move(settings),
                                       render_plain_error);
    const auto port = server_->listen();
    ASSERT_TRUE(port.has_value()) << port.error().detail();
    port_ = *port;
    loops_->run();
  }
  void TearDown() override {
    server_.reset();
    loops_.reset();
  }

  SystemClock clock_;
  std::unique_ptr<Loops> loops_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace ziggy::net::testing
