#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "client_url.hpp"
#include "ziggy/net/http_client.hpp"

namespace ziggy::net {

/// One request to one server, from submission to its result. Made by the asking thread, then
/// touched by the curl thread alone.
class CurlTransfer {
 public:
  using Done = std::move_only_function<void(Result<ClientResponse>)>;

  CurlTransfer(ClientRequest request, ClientUrl url, std::chrono::steady_clock::time_point deadline,
               const HttpClientSettings& settings);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  ~CurlTransfer();

  /// Tells `easy`, which is fresh or reset, all about the request. `share` holds cookies and TLS
  /// sessions.
  void prepare(CURL* easy, CURLSH* share);
  /// What came of it, after libcurl said `code`.
  [[nodiscard]] Result<ClientResponse> result(CURLcode code);

  [[nodiscard]] const ClientUrl& url() const noexcept { return url_; }
  [[nodiscard]] const std::string& cookie_jar() const noexcept { return request_.cookie_jar; }
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept {
    return deadline_;
  }
  [[nodiscard]] CURL* easy() const noexcept { return easy_; }
  /// How many bytes of body have come, before decompression.
  [[nodiscard]] std::uint64_t bytes_in() const noexcept { return received_; }

  /// How often the request has gone out.
  [[nodiscard]] int sends() const noexcept { return sends_; }

  /// Called once with the result; set by the asker.
  Done done;

 private:
  enum class Fault : std::uint8_t { None, BodyTooLarge, HeadTooLarge, Guarded, Broken };

  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t total, curl_off_t now, curl_off_t, curl_off_t);
  static int on_send(void* self, char* ip, char* local_ip, int port, int local_port);
  static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);

  void prepare_method();
  void prepare_headers();
  void prepare_limits();
  void prepare_network(CURLSH* share);
  bool take_body(std::string_view bytes);
  bool take_header(std::string_view line);
  [[nodiscard]] Error explain(CURLcode code) const;

  ClientRequest request_;
  const ClientUrl url_;
  const std::chrono::steady_clock::time_point deadline_;
  const HttpClientSettings& settings_;
  bool is_guarded_ = false;

  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  ClientResponse response_;
  std::size_t head_size_ = 0;
  std::uint64_t received_ = 0;
  bool has_body_begun_ = false;
  int sends_ = 0;
  Fault fault_ = Fault::None;
  std::array<char, CURL_ERROR_SIZE> message_{};
};

}  // namespace ziggy::net
