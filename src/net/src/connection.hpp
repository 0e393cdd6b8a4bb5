#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "body_reader.hpp"
#include "request_parser.hpp"
#include "response_writer.hpp"
#include "server_loop.hpp"

namespace ziggy::net {

/// One HTTP/1.1 connection: reads heads and bodies, runs handlers one after the other, gathers the
/// answers of pipelined requests into one write. A state machine over readiness, without a
/// coroutine or a timer of its own. Loop thread only, its count of owners too (no locked
/// instruction).
class Connection : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter> {
 public:
  Connection(std::shared_ptr<ServerLoop> loop, Socket socket, asio::ip::address peer);
  ~Connection();

  void start();
  void on_tick(Monotonic now);
  /// The server drains: closes now if no request is under way, else after it.
  void drain();
  void close();

  std::size_t place = 0;  ///< in the loop's list

 private:
  using Self = boost::intrusive_ptr<Connection>;

  enum class State : std::uint8_t {
    Head,         // waits for a request's head, or its rest
    Body,         // … for its body
    Handling,     // the handler's coroutine runs; nothing is read
    Compressing,  // a large answer is compressed elsewhere
    Closing,      // the last answer is being written
    Lingering,    // waits for the client to read it and close
    Closed,
  };

  void read();
  void on_read(boost::system::error_code ec, std::size_t size);
  void process();
  bool step();
  bool step_head();
  bool need_more_head();
  bool parse_head(std::string_view head);
  bool begin_request();
  bool answer_options(const Router::Match& match);
  bool step_body();
  bool dispatch();
  bool run_fast();
  void launch();
  void on_handled(std::exception_ptr failure, Response response);
  bool respond(Response& response);
  bool compress_elsewhere(Response& response);
  void on_compressed(Response response);
  bool upgrade(Response& response);
  bool fail_request(ErrorCode code, std::string detail);
  bool refuse(ErrorCode code, std::string detail);
  void log_request(const Written& written);
  bool flush();
  void wait_writable();
  void linger();
  void grow(std::size_t capacity);
  void compact(std::size_t to);

  [[nodiscard]] std::string_view unread() const noexcept {
    return {in_.get() + begin_, end_ - begin_};
  }
  [[nodiscard]] const ServerSettings& settings() const noexcept { return loop_->core().settings; }

  std::shared_ptr<ServerLoop> loop_;
  Socket socket_;
  std::string peer_text_;
  asio::ip::address peer_;
  bool is_loopback_;

  State state_ = State::Head;
  bool is_reading_ = false;
  bool is_writing_ = false;     // waits for the socket to take more
  bool is_processing_ = false;  // guards against a handler that completes at once
  bool saw_eof_ = false;
  bool keep_alive_ = true;
  bool head_started_ = false;
  Monotonic deadline_ = Monotonic::max();
  Monotonic write_deadline_ = Monotonic::max();
  Monotonic started_;

  std::unique_ptr<char[]> in_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;    // of what is not consumed yet
  std::size_t end_ = 0;      // of what was received
  std::size_t scanned_ = 0;  // how much of the head is known to hold no end
  std::size_t body_at_ = 0;  // where the head ends and the body's window begins

  std::optional<RequestParser> parser_;
  std::vector<Header> headers_;
  std::vector<std::string> decoded_;
  std::string body_;
  BodyReader body_reader_ = BodyReader::of_length(0);
  Request request_;
  std::unique_ptr<asio::cancellation_signal> cancel_;

  std::string out_;
  std::size_t sent_ = 0;
  std::size_t unflushed_ = 0;  // answers in out_
  LargeBody large_;
};

}  // namespace ziggy::net
