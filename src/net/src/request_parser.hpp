#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ziggy/net/http.hpp"

namespace ziggy::net {

/// The headers that the server itself looks at; views into the head.
struct KnownHeaders {
  std::string_view accept_encoding;
  std::string_view access_control_request_method;
  std::string_view connection;
  std::string_view correlation_id;
  std::string_view expect;
  std::string_view host;
  std::string_view if_none_match;
  std::string_view origin;
  std::string_view request_id;
  std::string_view traceparent;
  std::string_view upgrade;
};

/// One request's head by Beast's grammar, without Beast's containers: the views stay in the buffer
/// that holds the head, so that it must hold the *whole* head before `put` and must not move after.
/// Stops behind the head: is_done() then means that there is no body; BodyReader reads one.
class RequestParser : public boost::beast::http::basic_parser<true> {
 public:
  /// `headers` are the connection's, cleared here; more than `headers_max` fail.
  RequestParser(std::vector<Header>& headers, std::size_t headers_max);

  [[nodiscard]] Method method() const noexcept { return method_; }
  [[nodiscard]] std::string_view target() const noexcept { return target_; }
  [[nodiscard]] const KnownHeaders& known() const noexcept { return known_; }
  [[nodiscard]] bool is_http_11() const noexcept { return version_ == 11; }
  [[nodiscard]] bool has_too_many_headers() const noexcept { return too_many_; }

 private:
  using error_code = boost::beast::error_code;
  using verb = boost::beast::http::verb;
  using field = boost::beast::http::field;
  using view = boost::beast::string_view;

  void on_request_impl(verb method, view method_text, view target, int version,
                       error_code& ec) override;
  void on_response_impl(int, view, int, error_code&) override {}
  void on_field_impl(field name, view name_text, view value, error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  std::vector<Header>& headers_;
  std::size_t headers_max_;
  std::string_view target_;
  KnownHeaders known_;
  Method method_ = Method::Other;
  int version_ = 0;
  std::uint8_t hosts_ = 0;
  bool too_many_ = false;
};

}  // namespace ziggy::net
