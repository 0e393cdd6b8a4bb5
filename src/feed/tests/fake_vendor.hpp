#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/net/loops.hpp"
#include "ziggy/net/server.hpp"

namespace ziggy::feed::testing {

/// What one request to the fake vendor looked like.
struct Asked {
  std::string path;
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  ///< names in lower case
};

struct Answer {
  int status = 200;
  std::string body = {};
  std::string_view type = "application/json";
  std::vector<net::ResponseHeader> headers = {};
};

/// A server on loopback that answers every GET as `answer` says and remembers what it was asked.
class FakeVendor {
 public:
  using Script = std::function<Answer(const Asked&)>;

  explicit FakeVendor(Script script)
      : script_{std::move(script)},
        server_{loops_, clock_, net::Router{}, settings(),
                [this](const Error&, const net::Request& request, net::Response& response) {
                  reply(request, response);
                }} {
    port_ = *server_.listen();
    loops_.run();
  }
  ~FakeVendor() { server_.shutdown(std::chrono::milliseconds{0}); }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<Asked> asked() const {
    const std::scoped_lock lock{mutex_};
    return asked_;
  }
  [[nodiscard]] std::vector<std::string> paths() const {
    std::vector<std::string> paths;
    for (const Asked& each : asked()) paths.push_back(each.path);
    return paths;
  }
  void forget() {
    const std::scoped_lock lock{mutex_};
    asked_.clear();
  }

 private:
  static net::ServerSettings settings() {
    net::ServerSettings settings;
    settings.port = 0;
    return settings;
  }

  void reply(const net::Request& request, net::Response& response) {
    Asked asked{.path = std::string{request.path}, .query = {}, .headers = {}};
    for (const std::string_view pair : text::split_list(request.query, '&')) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      asked.query[std::string{pair.substr(0, equals)}] =
          pair.substr(std::min(equals + 1, pair.size()));
    }
    for (const net::Header& header : request.headers) {
      asked.headers[text::lower(header.name)] = header.value;
    }
    {
      const std::scoped_lock lock{mutex_};
      asked_.push_back(asked);
    }
    Answer answer = script_(asked);
    response.status = answer.status;
    response.content_type = answer.type;
    response.body = std::move(answer.body);
    response.headers = std::move(answer.headers);
  }

  Script script_;
  SystemClock clock_;
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  net::Loops loops_{1};
  net::Server server_;
  std::uint16_t port_ = 0;
};

}  // namespace ziggy::feed::testing
