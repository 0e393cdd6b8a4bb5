#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>

#include "connection.hpp"
#include "negotiate.hpp"
#include "websocket_connection.hpp"
#include "ziggy/base/log.hpp"

/// What a connection does with a request: find its route, run the handler, write the answer.
namespace ziggy::net {

namespace {

constexpr log::Logger kLog{"net"};
constexpr log::Logger kAccess{"http.access"};

/// The least window through which a body is received.
constexpr std::size_t kBodyWindowMin = 4096;
/// Answers are written at the latest when so much has been gathered.
constexpr std::size_t kGatherMax = 64 * 1024;

std::string describe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "not a std::exception";
  }
}

}  // namespace

/// `head` is what is unread, or its part up to the blank line if that is known. The views into it
/// must not move from here until the request is answered.
bool Connection::parse_head(std::string_view head) {
  const auto parse = [&] {
    parser_.emplace(headers_, settings().headers_max);
    parser_->header_limit(static_cast<std::uint32_t>(settings().head_max) + 4);
    boost::beast::error_code failure;
    const std::size_t used = parser_->put(asio::const_buffer{head.data(), head.size()}, failure);
    head = head.substr(0, used);
    return failure;
  };
  boost::beast::error_code ec = parse();
  if (ec == boost::beast::http::error::need_more) {
    scanned_ = unread().size();
    return need_more_head();
  }
  if (parser_->has_too_many_headers()) {
    return refuse(ErrorCode::HeadersTooLarge,
                  fmt::format("more than {} headers", settings().headers_max));
  }
  if (head.size() > settings().head_max || ec == boost::beast::http::error::header_limit) {
    return refuse(ErrorCode::HeadersTooLarge,
                  fmt::format("the request head is longer than {} bytes", settings().head_max));
  }
  if (!ec && !parser_->is_done() && capacity_ - begin_ - head.size() < kBodyWindowMin) {
    // A body follows and there is no window for it: move, and parse again for the views' sake.
    compact(0);
    grow(end_ + 2 * kBodyWindowMin);
    head = unread().substr(0, head.size());
    ec = parse();
  }
  started_ = loop_->core().clock.steady();
  if (ec) return refuse(ErrorCode::MalformedRequest, ec.message());
  head_started_ = false;
  scanned_ = 0;
  begin_ += head.size();
  body_at_ = begin_;
  return begin_request();
}

bool Connection::begin_request() {
  const KnownHeaders& known = parser_->known();
  request_ = Request{};
  request_.method = parser_->method();
  request_.target = parser_->target();
  request_.headers = headers_;
  request_.peer = peer_;
  request_.is_loopback = is_loopback_;
  request_.call.correlation_id = correlation_id_of(known);
  // A body that stays unread would be taken for the next request.
  const bool has_body = !parser_->is_done();
  keep_alive_ = parser_->keep_alive() && !has_body;

  const auto parts = split_target(request_.target);
  if (!parts) return fail_request(ErrorCode::MalformedRequest, "the request target is no path");
  request_.path = parts->path;
  request_.query = parts->query;
  if (parts->path == "*" && request_.method != Method::Options) {
    return fail_request(ErrorCode::MalformedRequest, "the target * is for OPTIONS only");
  }

  decoded_.clear();
  const Router::Match match = loop_->core().router.match(request_.method, request_.path, decoded_);
  if (match.is_malformed) {
    return fail_request(ErrorCode::MalformedRequest, "the path holds a wrong % escape");
  }
  if (request_.method == Method::Options && match.route == nullptr) return answer_options(match);
  if (!match.path_known) return fail_request(ErrorCode::NotFound, "no such path");
  if (match.route == nullptr) {
    return fail_request(
        ErrorCode::MethodNotAllowed,
        fmt::format("this path answers {}", loop_->core().router.allow(request_.path)));
  }
  request_.route = match.route;
  request_.params = match.params;
  // Browsers send simple POSTs from any page, also to this machine, without asking first.
  const bool is_read = request_.method == Method::Get || request_.method == Method::Head;
  if (!is_read && !is_own_origin(known.origin, known.host, settings().cors_origins)) {
    return fail_request(ErrorCode::Forbidden, "this origin may not change anything here");
  }
  if (!has_body) return dispatch();

  const std::size_t body_max = match.route->policy.body_max;
  const auto length = parser_->content_length();
  if (length && *length > body_max) {
    return fail_request(ErrorCode::PayloadTooLarge,
                        fmt::format("the body is longer than {} bytes", body_max));
  }
  body_.clear();
  body_reader_ = length ? BodyReader::of_length(*length) : BodyReader::of_chunks(body_max);
  keep_alive_ = parser_->keep_alive();
  if (begin_ == end_ && parser_->is_http_11() && lists_token(known.expect, "100-continue")) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  state_ = State::Body;
  deadline_ = loop_->coarse_now() + settings().body_timeout;
  return true;
}

bool Connection::answer_options(const Router::Match& match) {
  const bool is_server_wide = request_.path == "*";
  if (!match.path_known && !is_server_wide) {
    return fail_request(ErrorCode::NotFound, "no such path");
  }
  Response response;
  response.status = 204;
  const std::string allow = is_server_wide ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
                                           : loop_->core().router.allow(request_.path);
  const KnownHeaders& known = parser_->known();
  if (!known.access_control_request_method.empty() &&
      is_origin_allowed(known.origin, settings().cors_origins)) {
    response.headers.push_back({"Access-Control-Allow-Methods", allow});
    response.headers.push_back(
        {"Access-Control-Allow-Headers",
         "Authorization, Content-Type, X-API-Key, X-Correlation-ID, X-Request-ID, traceparent, "
         "Idempotency-Key, If-None-Match"});
    response.headers.push_back({"Access-Control-Max-Age", "600"});
  }
  response.headers.push_back({"Allow", allow});
  return respond(response);
}

bool Connection::dispatch() {
  state_ = State::Handling;
  const Route& route = *request_.route;
  if (route.is_websocket) {
    const KnownHeaders& known = parser_->known();
    if (!is_websocket_handshake(request_, known.connection, known.upgrade)) {
      return fail_request(ErrorCode::MalformedRequest, "this path speaks WebSocket, version 13");
    }
    if (!is_own_origin(known.origin, known.host, settings().cors_origins)) {
      return fail_request(ErrorCode::Forbidden, "this origin may not open a WebSocket here");
    }
  }
  if (route.fast && run_fast()) return true;
  if (state_ != State::Handling) return true;
  if (!route.handler) return fail_request(ErrorCode::Internal, "the fast handler gave no answer");
  // The answers before this one need not wait for it.
  if (!flush() && state_ == State::Closed) return false;
  launch();
  return state_ != State::Handling;
}

bool Connection::run_fast() {
  Response& response = loop_->scratch_response();
  response.clear();
  request_.call.deadline = started_ + request_.route->policy.timeout;
  try {
    if (!request_.route->fast(request_, response)) return false;
  } catch (...) {
    kLog.error(request_.call, "handler_failed",
               {{"route", request_.route->pattern}, {"error", describe(std::current_exception())}});
    fail_request(ErrorCode::Internal, "the handler threw");
    return true;
  }
  respond(response);
  return true;
}

void Connection::launch() {
  const auto timeout = request_.route->policy.timeout;
  request_.call.deadline = loop_->core().clock.steady() + timeout;
  deadline_ = request_.call.deadline;
  cancel_ = std::make_unique<asio::cancellation_signal>();
  try {
    asio::co_spawn(
        loop_->executor(), request_.route->handler(request_),
        asio::bind_cancellation_slot(
            cancel_->slot(), [self = Self{this}](std::exception_ptr failure, Response response) {
              self->on_handled(failure, std::move(response));
            }));
  } catch (...) {
    on_handled(std::current_exception(), {});
  }
}

void Connection::on_handled(std::exception_ptr failure, Response response) {
  if (state_ != State::Handling) {
    return;  // answered with 504, or gone; how a canceled handler ends is of no interest
  }
  cancel_.reset();
  if (failure) {
    kLog.error(request_.call, "handler_failed",
               {{"route", request_.route->pattern}, {"error", describe(failure)}});
    fail_request(ErrorCode::Internal, "the handler threw");
  } else {
    respond(response);
  }
  process();
}

/// Writes an error in the common shape; the connection lives on if the request was read to its end.
bool Connection::fail_request(ErrorCode code, std::string detail) {
  Response response;
  loop_->core().render_error(Error{code, std::move(detail)}, request_, response);
  if (code == ErrorCode::MethodNotAllowed) {
    response.headers.push_back({"Allow", loop_->core().router.allow(request_.path)});
  }
  return respond(response);
}

/// The same, for what leaves the connection in an unknown state: it closes.
bool Connection::refuse(ErrorCode code, std::string detail) {
  if (state_ == State::Head) {
    // No request was understood: what is left of the last one must not be blamed.
    request_ = Request{};
    request_.method = Method::Other;
    request_.peer = peer_;
    request_.is_loopback = is_loopback_;
    request_.call.correlation_id = CorrelationId::make();
    started_ = loop_->core().clock.steady();
    parser_.emplace(headers_, settings().headers_max);
  }
  keep_alive_ = false;
  return fail_request(code, std::move(detail));
}

bool Connection::respond(Response& response) {
  if (response.upgrade && request_.route != nullptr && request_.route->is_websocket) {
    return upgrade(response);
  }
  if (saw_eof_ && begin_ == end_) keep_alive_ = false;
  if (loop_->core().is_draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  const bool is_read = request_.method == Method::Get || request_.method == Method::Head;
  const WriteContext context{.core = loop_->core(),
                             .gzip = loop_->gzip(),
                             .known = parser_->known(),
                             .date = loop_->date(),
                             .correlation_id = request_.call.correlation_id.view(),
                             .is_read = is_read,
                             .is_head = request_.method == Method::Head,
                             .keep_alive = keep_alive_,
                             .is_http_11 = parser_->is_http_11()};
  if (is_compression_long(response, context) && compress_elsewhere(response)) return false;
  const Written written = write_response(out_, large_, response, context);
  log_request(written);
  if (!keep_alive_) {
    state_ = State::Closing;
    return true;
  }
  state_ = State::Head;
  deadline_ = loop_->coarse_now() + settings().idle_timeout;
  ++unflushed_;
  const bool is_enough =
      out_.size() > kGatherMax || !large_.rest.empty() || unflushed_ >= settings().pipelined_max;
  if (is_enough) flush();
  return state_ == State::Head && !is_writing_;
}

/// False when too much waits already: then it goes out as it is.
bool Connection::compress_elsewhere(Response& response) {
  /// Its owner of the connection is touched on the loop only: the count takes no other thread.
  struct Ticket {
    Self connection;
    Response response;
    std::shared_ptr<SharedBody> body;
  };
  const auto ticket =
      std::make_shared<Ticket>(Self{this}, Response{}, std::make_shared<SharedBody>());
  ticket->body->bytes = std::move(response.body);
  ticket->response = std::move(response);
  state_ = State::Compressing;
  deadline_ = Monotonic::max();
  const bool is_queued = loop_->core().compressor->submit([ticket, executor = loop_->executor()] {
    SharedBody& body = *ticket->body;
    body.gzip = Gzip{}.compress(body.bytes);
    if (body.gzip.size() >= body.bytes.size()) body.gzip.clear();
    const Response& answer = ticket->response;
    if (answer.cache != CachePolicy::NoStore && answer.etag.empty()) {
      body.etag = make_etag(body.bytes);
    }
    asio::post(executor, [ticket] {
      const Self connection = std::move(ticket->connection);
      ticket->response.shared = std::move(ticket->body);
      connection->on_compressed(std::move(ticket->response));
    });
  });
  if (is_queued) return true;
  response = std::move(ticket->response);
  response.shared = std::move(ticket->body);  // without a compressed form
  return false;
}

void Connection::on_compressed(Response response) {
  if (state_ != State::Compressing) return;  // closed meanwhile
  respond(response);
  process();
}

void Connection::log_request(const Written& written) {
  const auto elapsed = loop_->core().clock.steady() - started_;
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
  const Route* route = request_.route;
  loop_->count_request(route, written.status,
                       static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)),
                       written.body_bytes);
  kAccess.info(request_.call, "request",
               {{"method", method_name(request_.method)},
                {"route", route != nullptr ? std::string_view{route->pattern} : "(unmatched)"},
                {"status", written.status},
                {"duration_us", micros},
                {"bytes", written.body_bytes},
                {"peer", std::string_view{peer_text_}}});
}

/// Hands the socket over: from here on a WebSocketConnection owns it.
bool Connection::upgrade(Response& response) {
  log_request({.status = 101, .body_bytes = 0});
  std::string head = std::move(out_);
  head.erase(0, sent_);
  head += websocket_accept_head(request_, request_.call.correlation_id.view());
  state_ = State::Closed;
  loop_->remove(this);
  Call call = request_.call;
  call.deadline = Monotonic::max();
  auto socket = std::make_shared<WebSocketConnection>(loop_, std::move(socket_), call, peer_text_);
  socket->start(std::move(head), unread(), response.upgrade);
  return false;
}

}  // namespace ziggy::net
