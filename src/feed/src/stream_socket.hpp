#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "stream_protocol.hpp"
#include "ziggy/feed/stream_settings.hpp"
#include "ziggy/net/timer.hpp"
#include "ziggy/resilience/backoff.hpp"

namespace ziggy::feed {

/// How a vendor's sockets stand, as one state: what the listener hears. Lives on their loop.
class StreamStates {
 public:
  StreamStates(std::string provider, std::size_t sockets)
      : provider_{std::move(provider)}, states_(sockets, StreamState::Idle) {}

  void set_listener(TickListener& listener) { listener_ = &listener; }
  [[nodiscard]] TickListener* listener() const noexcept { return listener_; }
  [[nodiscard]] const std::string& provider() const noexcept { return provider_; }
  /// Tells the listener unless another socket's state hides this one; false then.
  bool report(std::size_t socket, StreamState state, std::string_view detail);

 private:
  [[nodiscard]] StreamState whole() const noexcept;

  std::string provider_;
  std::vector<StreamState> states_;
  StreamState told_ = StreamState::Idle;
  TickListener* listener_ = nullptr;
};

/// One upstream connection: opens with the first symbol, keeps what is subscribed there equal to
/// what is wanted, comes back after a loss, closes after the last. Its coroutines keep it alive;
/// after stop() it calls nobody any more.
class StreamSocket final : public std::enable_shared_from_this<StreamSocket>, private StreamSink {
 public:
  /// More symbols than any plan streams to one connection.
  static constexpr std::size_t kSymbolsMax = 20'000;

  struct Parts {
    std::shared_ptr<StreamStates> states;
    std::size_t number = 0;  ///< of this socket among them
    std::unique_ptr<StreamProtocol> protocol;
    StreamTimings timings;
    std::uint64_t seed = 0;
  };
  explicit StreamSocket(Parts parts);

  void start(net::Executor executor);
  // Any thread:
  void stop();
  void subscribe(const Symbol& symbol);
  void unsubscribe(const Symbol& symbol);
  void reconnect();
  [[nodiscard]] StreamCounts counts() const;

 private:
  using Client = std::shared_ptr<net::WebSocketClient>;
  using TimePoint = net::Timer::time_point;
  /// A subscription that the vendor has not answered yet.
  struct Request {
    std::set<Symbol> waiting;
    TimePoint deadline;
    std::optional<Error> denial;
    std::uint64_t messages_before = 0;
  };
  struct Counts {
    std::atomic<std::uint64_t> connections, messages, malformed, ticks, dropped, ignored;
  };

  static net::Task<> run(std::shared_ptr<StreamSocket> self);
  static net::Task<> pump(std::shared_ptr<StreamSocket> self);
  static net::Task<> say_goodbye(Client client);
  net::Task<Result<>> session();
  net::Task<Result<>> authenticate(Client client);
  net::Task<> wait_for_change(std::chrono::nanoseconds limit);
  net::Task<> pause_after(Error error);

  void poke();
  void on_poke();
  void start_pump();
  [[nodiscard]] Result<> read(const net::ClientMessage& message);
  [[nodiscard]] Result<> check_request();
  void end_session();
  void refuse_wanted();
  void tell_outcome(const Symbol& symbol, const Result<>& outcome);
  [[nodiscard]] std::vector<Symbol> wanted() const;
  void deny(const Symbol& symbol, const Error& error);
  void set_state(StreamState state, std::string_view detail);
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] std::vector<Symbol> take_gone();
  [[nodiscard]] std::vector<Symbol> take_fresh();
  [[nodiscard]] std::chrono::nanoseconds wait_after(const Error& error);

  void on_quote(const Quote& quote) override;
  void on_trade(const Trade& trade) override;
  void on_bar(const Symbol& symbol, Interval interval, const Bar& bar, BarPhase phase) override;
  void on_greeting() override { is_greeted_ = true; }
  void on_authenticated() override { is_authenticated_ = true; }
  void on_subscribed(const Symbol& symbol) override;
  void on_denied(Error error) override;
  void on_failed(Error error) override;
  void on_dropped() override { ++counts_.dropped; }
  void on_ignored() override { ++counts_.ignored; }
  /// Whom to tell about a tick of that symbol, if anybody.
  TickListener* listener_for(const Symbol& symbol);

  const std::shared_ptr<StreamStates> states_;
  const std::size_t number_;
  const std::unique_ptr<StreamProtocol> protocol_;
  const StreamTimings timings_;
  std::optional<net::Executor> executor_;
  Counts counts_{};
  std::atomic<bool> is_stopped_ = false;
  std::atomic<bool> is_poked_ = false;
  std::atomic<bool> is_reconnect_asked_ = false;

  mutable std::mutex mutex_;
  std::set<Symbol> wanted_;  // guarded by mutex_
  std::set<Symbol> denied_;  // guarded by mutex_; told, and not asked for again on this connection

  // All below is touched on the loop alone.
  resilience::Backoff backoff_;
  resilience::Jitter jitter_;
  std::optional<net::Timer> changed_;  // canceled to wake run()
  Client client_;
  StreamState state_ = StreamState::Idle;
  std::optional<Error> refusal_;  // Refused, and why
  std::optional<Error> failure_;  // what the vendor said before it closes
  std::unordered_set<Symbol> sent_;
  std::optional<Request> request_;
  std::deque<std::vector<Symbol>> retries_;  // halves of denied requests
  std::size_t malformed_run_ = 0;
  bool is_greeted_ = false;
  bool is_authenticated_ = false;
  bool is_pumping_ = false;
};

}  // namespace ziggy::feed
