#include "request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>

#include "ziggy/base/text.hpp"

namespace ziggy::net {

namespace {

namespace http = boost::beast::http;

std::string_view plain(boost::beast::string_view text) { return {text.data(), text.size()}; }

/// Visible ASCII only: control characters, NUL, DEL and raw non-ASCII bytes have no place in a
/// target (RFC 3986), and would end in logs.
bool is_target(std::string_view target) {
  return !target.empty() && std::ranges::all_of(target, [](char c) { return c > ' ' && c < 127; });
}

/// Field values may hold tabs and obs-text; other control characters smuggle.
bool is_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 32 && byte != 127) || byte == '\t';
  });
}

Method to_method(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::Get;
    case http::verb::head:
      return Method::Head;
    case http::verb::post:
      return Method::Post;
    case http::verb::put:
      return Method::Put;
    case http::verb::patch:
      return Method::Patch;
    case http::verb::delete_:
      return Method::Delete;
    case http::verb::options:
      return Method::Options;
    default:
      return Method::Other;
  }
}

}  // namespace

RequestParser::RequestParser(std::vector<Header>& headers, std::size_t headers_max)
    : headers_{headers}, headers_max_{headers_max} {
  headers_.clear();
  body_limit(boost::none);  // the route says it, once it is known
  eager(false);             // the head first: the route decides on the body
}

void RequestParser::on_request_impl(verb method, view, view target, int version, error_code& ec) {
  method_ = to_method(method);
  target_ = plain(target);
  version_ = version;
  if (!is_target(target_)) ec = http::error::bad_target;
}

void RequestParser::on_field_impl(field name, view name_text, view value, error_code& ec) {
  if (headers_.size() == headers_max_) {
    too_many_ = true;
    ec = http::error::header_limit;
    return;
  }
  const std::string_view text = plain(value);
  if (!is_value(text)) {
    ec = http::error::bad_value;
    return;
  }
  // A folded line's value is put together in a temporary of the parser: its lines are not adjacent.
  if (!text.empty() && (text.data() < name_text.data() || text.data() > name_text.data() + 65536)) {
    ec = http::error::bad_line_ending;
    return;
  }
  headers_.push_back({plain(name_text), text});
  switch (name) {
    case field::accept_encoding:
      known_.accept_encoding = text;
      break;
    case field::access_control_request_method:
      known_.access_control_request_method = text;
      break;
    case field::connection:
      known_.connection = text;
      break;
    case field::expect:
      known_.expect = text;
      break;
    case field::host:
      known_.host = text;
      ++hosts_;
      break;
    case field::if_none_match:
      known_.if_none_match = text;
      break;
    case field::origin:
      known_.origin = text;
      break;
    case field::transfer_encoding:
      // Anything but a lone "chunked" leaves the length of the body open to interpretation.
      if (!text::equals_ignoring_case(text, "chunked")) ec = http::error::bad_transfer_encoding;
      break;
    case field::upgrade:
      known_.upgrade = text;
      break;
    case field::unknown:
      if (text::equals_ignoring_case(headers_.back().name, "x-correlation-id")) {
        known_.correlation_id = text;
      } else if (text::equals_ignoring_case(headers_.back().name, "x-request-id")) {
        known_.request_id = text;
      } else if (text::equals_ignoring_case(headers_.back().name, "traceparent")) {
        known_.traceparent = text;
      }
      break;
    default:
      break;
  }
}

void RequestParser::on_header_impl(error_code& ec) {
  if (hosts_ > 1 || (version_ == 11 && hosts_ == 0)) ec = http::error::bad_field;
  // HTTP/1.0 knows no chunks; a proxy before us may have framed the message otherwise.
  if (version_ == 10 && chunked()) ec = http::error::bad_transfer_encoding;
}

}  // namespace ziggy::net
