#include "stream_socket.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "ziggy/base/log.hpp"
#include "ziggy/net/spawn.hpp"

namespace ziggy::feed {

namespace {

using namespace std::chrono_literals;
namespace asio = net::asio;

constexpr log::Logger kLog{"feed.stream"};
/// How often an unanswered request is looked at.
constexpr std::chrono::milliseconds kLookEvery{250};
/// Nothing to do: a poke comes before.
constexpr std::chrono::hours kLong{1};

/// The vendor will not have us however often we try.
bool is_refusal(const Error& error) noexcept {
  return error.code() == ErrorCode::CredentialsRejected || error.code() == ErrorCode::NotEntitled;
}

}  // namespace

StreamState StreamStates::whole() const noexcept {
  const auto any = [this](StreamState state) {
    return std::ranges::find(states_, state) != states_.end();
  };
  for (const StreamState state :
       {StreamState::Up, StreamState::Down, StreamState::Connecting, StreamState::Refused}) {
    if (any(state)) return state;
  }
  return StreamState::Idle;
}

bool StreamStates::report(std::size_t socket, StreamState state, std::string_view detail) {
  states_[socket] = state;
  const StreamState now = whole();
  const bool is_another_loss = now == StreamState::Down && state == StreamState::Down;
  if (now == told_ && !is_another_loss) return false;
  told_ = now;
  if (listener_ != nullptr) listener_->on_stream_state(provider_, now, detail);
  return true;
}

StreamSocket::StreamSocket(Parts parts)
    : states_{std::move(parts.states)},
      number_{parts.number},
      protocol_{std::move(parts.protocol)},
      timings_{parts.timings},
      backoff_{{.first = parts.timings.backoff_first,
                .max = parts.timings.backoff_max,
                .factor = 2,
                .jitter = 0.5,
                .seed = parts.seed}},
      jitter_{parts.seed} {}

void StreamSocket::start(net::Executor executor) {
  executor_ = executor;
  changed_.emplace(executor);
  net::spawn(executor, run(shared_from_this()), "feed stream");
}

void StreamSocket::stop() {
  is_stopped_ = true;
  poke();
}

void StreamSocket::subscribe(const Symbol& symbol) {
  bool is_too_many = false;
  {
    const std::lock_guard lock{mutex_};
    is_too_many = wanted_.size() >= kSymbolsMax && !wanted_.contains(symbol);
    if (!is_too_many && !wanted_.insert(symbol).second) return;
  }
  if (!is_too_many) return poke();
  if (!executor_) return;
  asio::post(*executor_, [self = shared_from_this(), symbol] {
    self->tell_outcome(
        symbol, fail(ErrorCode::RateLimited, "more than {} symbols on one stream", kSymbolsMax));
  });
}

void StreamSocket::unsubscribe(const Symbol& symbol) {
  {
    const std::lock_guard lock{mutex_};
    denied_.erase(symbol);
    if (wanted_.erase(symbol) == 0) return;
  }
  poke();
}

void StreamSocket::reconnect() {
  is_reconnect_asked_ = true;
  poke();
}

StreamCounts StreamSocket::counts() const {
  return {.connections = counts_.connections,
          .messages = counts_.messages,
          .malformed = counts_.malformed,
          .ticks = counts_.ticks,
          .dropped = counts_.dropped,
          .ignored = counts_.ignored};
}

void StreamSocket::poke() {
  if (!executor_ || is_poked_.exchange(true)) return;
  asio::post(*executor_, [self = shared_from_this()] { self->on_poke(); });
}

void StreamSocket::on_poke() {
  is_poked_ = false;
  if (is_stopped_ || is_reconnect_asked_) {
    if (client_) client_->abort();
  } else if (state_ == StreamState::Up) {
    start_pump();
  }
  changed_->cancel();
}

bool StreamSocket::is_idle() const {
  const std::lock_guard lock{mutex_};
  return wanted_.empty();
}

net::Task<> StreamSocket::wait_for_change(std::chrono::nanoseconds limit) {
  changed_->expires_after(limit);
  co_await changed_->async_wait(asio::as_tuple(asio::use_awaitable_t<net::Executor>{}));
}

net::Task<> StreamSocket::run(std::shared_ptr<StreamSocket> self) {
  while (!self->is_stopped_) {
    if (self->is_reconnect_asked_.exchange(false)) {
      self->refusal_.reset();
      self->backoff_.reset();
      const std::lock_guard lock{self->mutex_};
      self->denied_.clear();
    }
    if (self->is_idle()) {
      if (!self->refusal_) self->set_state(StreamState::Idle, "nothing is subscribed");
      co_await self->wait_for_change(kLong);
      continue;
    }
    if (self->refusal_) {
      self->refuse_wanted();
      co_await self->wait_for_change(kLong);
      continue;
    }
    self->set_state(StreamState::Connecting, "");
    const auto began = std::chrono::steady_clock::now();
    auto ended = co_await self->session();
    self->end_session();
    if (self->is_stopped_ || self->is_idle()) continue;
    const bool was_stable = std::chrono::steady_clock::now() - began >= self->timings_.stable_after;
    if (was_stable) self->backoff_.reset();
    if (!ended) co_await self->pause_after(std::move(ended).error());
  }
}

net::Task<> StreamSocket::pause_after(Error error) {
  kLog.warning("stream_lost", {{"provider", states_->provider()},
                               {"code", code_name(error.code())},
                               {"detail", error.detail()}});
  if (is_reconnect_asked_) {
    set_state(StreamState::Down, "a new connection was asked for");
    co_return;
  }
  if (is_refusal(error)) {
    refusal_ = error;
    set_state(StreamState::Refused, error.detail());
    co_return;
  }
  const std::chrono::nanoseconds wait = wait_after(error);
  set_state(StreamState::Down,
            fmt::format("{}; next try in {} ms", error.detail(),
                        std::chrono::duration_cast<std::chrono::milliseconds>(wait).count()));
  const auto until = std::chrono::steady_clock::now() + wait;
  while (!is_stopped_ && !is_reconnect_asked_ && !is_idle()) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= 0ns) break;
    co_await wait_for_change(left);
  }
}

std::chrono::nanoseconds StreamSocket::wait_after(const Error& error) {
  if (error.code() != ErrorCode::ProviderQuota) return backoff_.next();
  std::chrono::nanoseconds wait = timings_.limit_wait;
  if (error.retry_after()) wait = *error.retry_after();
  // Never sooner than the vendor says.
  return wait + std::chrono::nanoseconds{static_cast<std::int64_t>(
                    static_cast<double>(wait.count()) * jitter_.next() / 4)};
}

net::Task<Result<>> StreamSocket::session() {
  net::WebSocketClientSettings settings = protocol_->connection();
  settings.connect_timeout = timings_.connect_timeout;
  settings.ping_every = timings_.ping_every;
  settings.pong_timeout = timings_.pong_timeout;
  Call call;
  call.correlation_id = CorrelationId::make();
  auto connected = co_await net::WebSocketClient::connect(std::move(settings), call);
  if (!connected) co_return fail(std::move(connected).error());
  const Client client = std::move(*connected);
  client_ = client;
  if (is_stopped_ || is_reconnect_asked_) co_return fail(ErrorCode::Canceled, "given up");
  auto known = co_await authenticate(client);
  if (!known) co_return fail(std::move(known).error());
  ++counts_.connections;
  set_state(StreamState::Up, "");
  start_pump();
  for (;;) {
    auto message = co_await client->receive(kLookEvery);
    if (client_ != client) co_return Result<>{};  // closed: nothing is wanted any more
    if (!message && message.error().code() != ErrorCode::ProviderTimeout) {
      co_return fail(failure_ ? Error{*failure_} : std::move(message).error());
    }
    if (message) {
      auto good = read(*message);
      if (!good) co_return fail(std::move(good).error());
    }
    auto answered = check_request();
    if (!answered) co_return fail(std::move(answered).error());
  }
}

net::Task<Result<>> StreamSocket::authenticate(Client client) {
  const auto deadline = std::chrono::steady_clock::now() + timings_.auth_timeout;
  bool is_sent = false;
  while (!is_authenticated_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= 0ns) {
      co_return fail(ErrorCode::ProviderTimeout, "no answer to the key in time");
    }
    auto message = co_await client->receive(left);
    if (!message && message.error().code() == ErrorCode::ProviderTimeout) continue;
    if (!message) co_return fail(std::move(message).error());
    auto good = read(*message);
    if (!good) co_return fail(std::move(good).error());
    if (is_greeted_ && !is_sent) {
      is_sent = true;
      net::ClientMessage key = protocol_->authentication();
      auto sent = co_await (key.kind == net::MessageKind::Text
                                ? client->send_text(std::move(key.payload))
                                : client->send_binary(std::move(key.payload)));
      if (!sent) co_return fail(std::move(sent).error());
    }
  }
  co_return Result<>{};
}

Result<> StreamSocket::read(const net::ClientMessage& message) {
  ++counts_.messages;
  const auto understood = protocol_->read(message, *this);
  if (understood) {
    malformed_run_ = 0;
  } else {
    ++counts_.malformed;
    if (++malformed_run_ == 1) {
      kLog.warning("stream_message_malformed",
                   {{"provider", states_->provider()}, {"detail", understood.error().detail()}});
    }
    if (malformed_run_ >= timings_.malformed_max) {
      return fail(ErrorCode::BadPayload, "{} broken messages in a row", malformed_run_);
    }
  }
  if (failure_) return fail(Error{*failure_});
  return {};
}

void StreamSocket::end_session() {
  client_.reset();
  sent_.clear();
  request_.reset();
  retries_.clear();
  failure_.reset();
  malformed_run_ = 0;
  is_greeted_ = false;
  is_authenticated_ = false;
  const std::lock_guard lock{mutex_};
  denied_.clear();
}

void StreamSocket::set_state(StreamState state, std::string_view detail) {
  if (state_ == state && state != StreamState::Down) return;
  state_ = state;
  if (is_stopped_) return;
  const bool is_told = states_->report(number_, state, detail);
  if (is_told || state != StreamState::Down) return;
  // Another socket of the vendor is up, so the symbols of this one are told one by one.
  const Error error{ErrorCode::ProviderUnavailable, std::string{detail}};
  for (const Symbol& symbol : wanted()) tell_outcome(symbol, fail(Error{error}));
}

}  // namespace ziggy::feed
