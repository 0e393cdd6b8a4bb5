#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <string>
#include <utility>

#include "ziggy/base/clock.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/net/loops.hpp"

namespace ziggy::net::testing {

using Answered = Result<ClientResponse>;

/// An HttpClient and a loop that awaits it, for tests that wait with futures.
class Asker {
 public:
  explicit Asker(HttpClientSettings settings = {})
      : client_{std::make_unique<HttpClient>(clock_, std::move(settings))} {
    loops_.run();
  }

  std::future<Answered> start(ClientRequest request,
                              std::chrono::milliseconds limit = std::chrono::milliseconds{5000}) {
    return asio::co_spawn(loops_.at(0).get_executor(),
                          client_->send(std::move(request), call(limit)), asio::use_future);
  }
  Answered ask(ClientRequest request,
               std::chrono::milliseconds limit = std::chrono::milliseconds{5000}) {
    return start(std::move(request), limit).get();
  }
  Answered get(std::string url) { return ask({.url = std::move(url)}); }

  [[nodiscard]] Call call(std::chrono::milliseconds limit) const {
    Call made;
    made.deadline = clock_.steady() + limit;
    return made;
  }
  [[nodiscard]] HttpClient& client() { return *client_; }
  [[nodiscard]] Executor executor() { return loops_.at(0).get_executor(); }
  void end_client() { client_.reset(); }

 private:
  SystemClock clock_;
  Loops loops_{1};
  std::unique_ptr<HttpClient> client_;
};

}  // namespace ziggy::net::testing
