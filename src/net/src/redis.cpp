#include "ziggy/net/redis.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "redis_transport.hpp"
#include "redis_wire.hpp"
#include "until.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::net {

namespace {

constexpr log::Logger kLog{"net.redis"};
constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAsTuple{};
constexpr std::size_t kReadSize = std::size_t{64} << 10U;

using TimePoint = Timer::time_point;

/// Whoever waits for an answer; in the caller's coroutine, on its loop.
struct Waiter {
  Executor executor;
  Timer timer;
  std::optional<Result<RedisReply>> result = std::nullopt;
};

/// One command on its way. Callers that give up leave it behind, and may then be gone with their
/// loop.
struct Pending {
  Pending(Waiter& by, TimePoint now, std::string command)
      : asked_at{now}, bytes{std::move(command)}, waiter{&by} {}

  const TimePoint asked_at;
  std::string bytes;  // the connection's loop alone
  std::mutex mutex;
  Waiter* waiter;  // guarded by mutex, and cleared on the caller's loop

  static void finish(const std::shared_ptr<Pending>& self, Result<RedisReply> result) {
    const std::lock_guard lock{self->mutex};
    if (self->waiter == nullptr) return;
    asio::post(self->waiter->executor, [self, result = std::move(result)]() mutable {
      const std::lock_guard again{self->mutex};
      if (self->waiter == nullptr) return;
      self->waiter->result.emplace(std::move(result));
      self->waiter->timer.cancel();
    });
  }
};

/// Nobody waits any more when the caller's coroutine leaves, however it does.
struct Leave {
  std::shared_ptr<Pending> pending;
  ~Leave() {
    const std::lock_guard lock{pending->mutex};
    pending->waiter = nullptr;
  }
};

}  // namespace

class Redis::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(RedisSettings settings, Executor executor)
      : settings_{std::move(settings)},
        executor_{executor},
        url_{parse_redis_url(settings_.url.reveal())},
        wake_{executor},
        random_{static_cast<std::minstd_rand::result_type>(
            settings_.seed == 0 ? std::random_device{}() : settings_.seed)} {}

  void start() { spawn(executor_, run(shared_from_this()), "redis"); }
  void stop();
  void submit(std::shared_ptr<Pending> pending);
  /// A caller has given up; a server that owes an answer for too long is given up too.
  void give_up();

  [[nodiscard]] const RedisSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] const Result<RedisUrl>& url() const noexcept { return url_; }
  [[nodiscard]] Executor executor() const noexcept { return executor_; }

  std::atomic<bool> is_up = false;
  std::atomic<std::uint64_t> connections = 0, commands = 0, failures = 0;

 private:
  using Transport = std::shared_ptr<RedisTransport>;
  enum class State : std::uint8_t { Connecting, Up, Waiting };

  static Task<> run(std::shared_ptr<Connection> self);
  static Task<Result<>> open(std::shared_ptr<Connection> self, Transport transport);
  static Task<> write_all(std::shared_ptr<Connection> self, Transport transport);
  [[nodiscard]] std::vector<std::vector<std::string>> greeting() const;
  Task<Result<>> read_all();
  Result<> take_replies();
  void start_writing();
  void fail_all(const Error& error);
  void drop() noexcept;
  [[nodiscard]] std::chrono::nanoseconds next_wait();

  const RedisSettings settings_;
  const Executor executor_;
  const Result<RedisUrl> url_;
  std::atomic<bool> is_stopped_ = false;

  // On the connection's loop alone.
  State state_ = State::Connecting;
  Transport transport_;
  std::unique_ptr<RedisReader> reader_;
  std::deque<std::shared_ptr<Pending>> queued_;
  std::deque<std::shared_ptr<Pending>> in_flight_;
  TimePoint heard_at_;
  bool is_writing_ = false;
  Timer wake_;
  std::chrono::nanoseconds backoff_{};
  std::minstd_rand random_;
};

void Redis::Connection::stop() {
  is_stopped_ = true;
  asio::post(executor_, [self = shared_from_this()] {
    self->drop();
    self->wake_.cancel();
    self->fail_all({ErrorCode::StorageUnavailable, "redis: stopped"});
  });
}

void Redis::Connection::drop() noexcept {
  if (transport_) transport_->close();
}

void Redis::Connection::fail_all(const Error& error) {
  for (auto* queue : {&in_flight_, &queued_}) {
    for (auto& pending : std::exchange(*queue, {})) {
      Pending::finish(pending, fail(Error{error}));
    }
  }
}

void Redis::Connection::submit(std::shared_ptr<Pending> pending) {
  const char* refusal = nullptr;
  if (is_stopped_ || state_ == State::Waiting) refusal = "redis: not connected";
  if (queued_.size() + in_flight_.size() >= settings_.in_flight_max) {
    refusal = "redis: too many commands at once";
  }
  if (refusal != nullptr) {
    return Pending::finish(pending, fail(ErrorCode::StorageUnavailable, refusal));
  }
  queued_.push_back(std::move(pending));
  if (state_ == State::Up) start_writing();
}

void Redis::Connection::give_up() {
  if (state_ != State::Up || in_flight_.empty()) return;
  const TimePoint oldest = in_flight_.front()->asked_at;
  const bool is_late = std::chrono::steady_clock::now() - oldest >= settings_.command_timeout;
  if (is_late && heard_at_ < oldest) drop();
}

void Redis::Connection::start_writing() {
  if (is_writing_) return;
  is_writing_ = true;
  spawn(executor_, write_all(shared_from_this(), transport_), "redis writer");
}

/// Whatever was queued within one turn of the loop, or while the last write was under way, leaves
/// in one write.
Task<> Redis::Connection::write_all(std::shared_ptr<Connection> self, Transport transport) {
  while (transport == self->transport_ && !self->queued_.empty()) {
    std::string bytes;
    while (!self->queued_.empty() && bytes.size() < self->settings_.bytes_max) {
      bytes += self->queued_.front()->bytes;
      self->queued_.front()->bytes = {};
      self->in_flight_.push_back(std::move(self->queued_.front()));
      self->queued_.pop_front();
    }
    const auto written = co_await transport->write(bytes);
    if (!written) {
      transport->close();
      break;
    }
  }
  if (transport == self->transport_) self->is_writing_ = false;
}

std::vector<std::vector<std::string>> Redis::Connection::greeting() const {
  std::vector<std::vector<std::string>> commands_first;
  if (!url_->password.empty()) {
    std::vector<std::string> auth{"AUTH"};
    if (!url_->user.empty()) auth.push_back(url_->user);
    auth.emplace_back(url_->password.reveal());
    commands_first.push_back(std::move(auth));
  }
  if (!url_->database.empty()) commands_first.push_back({"SELECT", url_->database});
  commands_first.push_back({"PING"});
  return commands_first;
}

Task<Result<>> Redis::Connection::open(std::shared_ptr<Connection> self, Transport transport) {
  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver{self->executor_};
  const auto [unresolved, endpoints] =
      co_await resolver.async_resolve(self->url_->host, self->url_->port, kAsTuple);
  // The caller goes on without us after a while.
  const auto is_over = [&self, &transport] {
    return self->transport_ != transport || self->is_stopped_;
  };
  if (is_over()) co_return fail(ErrorCode::Canceled, "given up");
  if (unresolved) co_return fail(ErrorCode::StorageUnavailable, "redis: {}", unresolved.message());
  const auto [refused, endpoint] =
      co_await asio::async_connect(transport->socket(), endpoints, kAsTuple);
  static_cast<void>(endpoint);
  if (refused) co_return fail(ErrorCode::StorageUnavailable, "redis: {}", refused.message());
  if (is_over()) {
    transport->close();
    co_return fail(ErrorCode::Canceled, "given up");
  }
  boost::system::error_code ignored;
  transport->socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
  auto shaken = co_await transport->shake_hands();
  if (!shaken) co_return fail(std::move(shaken).error());
  const auto first = self->greeting();
  std::string bytes;
  for (const auto& words : first) bytes += encode_redis(words);
  auto sent = co_await transport->write(bytes);
  if (!sent) co_return fail(std::move(sent).error());
  RedisReader reader{self->settings_.bytes_max};
  std::array<char, 4096> buffer{};
  for (std::size_t answered = 0; answered < first.size();) {
    ZIGGY_CO_TRY(got, co_await transport->read_some(buffer));
    if (auto fed = reader.feed({buffer.data(), got}); !fed) co_return fail(std::move(fed).error());
    for (;;) {
      ZIGGY_CO_TRY(reply, reader.next());
      if (!reply) break;
      if (reply->kind == RedisReply::Kind::Error) {
        co_return fail(ErrorCode::StorageUnavailable, "redis: {}: {}", first[answered].front(),
                       reply->text);
      }
      if (++answered == first.size()) break;
    }
  }
  co_return Result<>{};
}

Result<> Redis::Connection::take_replies() {
  for (;;) {
    ZIGGY_TRY(reply, reader_->next());
    if (!reply) return {};
    if (in_flight_.empty()) {
      return fail(ErrorCode::StorageUnavailable, "redis: an answer that nobody asked for");
    }
    std::shared_ptr<Pending> pending = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (reply->kind == RedisReply::Kind::Error) {
      Pending::finish(pending, fail(ErrorCode::StorageUnavailable, "redis: {}", reply->text));
    } else {
      Pending::finish(pending, std::move(*reply));
    }
  }
}

Task<Result<>> Redis::Connection::read_all() {
  const Transport transport = transport_;
  std::string buffer(kReadSize, '\0');
  for (;;) {
    ZIGGY_CO_TRY(got, co_await transport->read_some(buffer));
    heard_at_ = std::chrono::steady_clock::now();
    if (auto fed = reader_->feed({buffer.data(), got}); !fed) co_return fed;
    if (auto taken = take_replies(); !taken) co_return taken;
  }
}

std::chrono::nanoseconds Redis::Connection::next_wait() {
  const std::chrono::nanoseconds base =
      std::max<std::chrono::nanoseconds>(backoff_, settings_.backoff_first);
  backoff_ = std::min<std::chrono::nanoseconds>(2 * base, settings_.backoff_max);
  std::uniform_int_distribution<std::int64_t> off{0, base.count() / 2};
  return base - std::chrono::nanoseconds{off(random_)};
}

Task<> Redis::Connection::run(std::shared_ptr<Connection> self) {
  while (!self->is_stopped_ && self->url_) {
    self->state_ = State::Connecting;
    auto made = make_redis_transport(self->executor_, self->url_->is_tls, self->url_->host,
                                     self->settings_.ca_file);
    if (!made) {
      kLog.error("redis_lost", {{"detail", made.error().detail()}});
      break;
    }
    self->transport_ = std::move(*made);
    self->reader_ = std::make_unique<RedisReader>(self->settings_.bytes_max);
    self->is_writing_ = false;
    auto opened = co_await until(std::chrono::steady_clock::now() + self->settings_.connect_timeout,
                                 open(self, self->transport_));
    Result<> ended = opened ? std::move(*opened)
                            : fail(ErrorCode::StorageUnavailable, "redis: no connection in time");
    if (ended && !self->is_stopped_) {
      ++self->connections;
      self->backoff_ = {};
      self->state_ = State::Up;
      self->is_up = true;
      kLog.info("redis_up", {{"host", self->url_->host}});
      if (!self->queued_.empty()) self->start_writing();
      ended = co_await self->read_all();
      self->is_up = false;
    }
    self->drop();
    self->transport_.reset();
    self->state_ = State::Waiting;
    if (self->is_stopped_) break;
    if (!ended) {
      // Once an outage, not once a try.
      const bool is_news = self->backoff_ == std::chrono::nanoseconds{0};
      kLog.write(is_news ? log::Level::Warning : log::Level::Debug, nullptr, "redis_lost",
                 {{"host", self->url_->host}, {"detail", ended.error().detail()}});
      self->fail_all(ended.error());
    }
    self->wake_.expires_after(self->next_wait());
    co_await self->wake_.async_wait(kAsTuple);
  }
  self->state_ = State::Waiting;
  self->fail_all({ErrorCode::StorageUnavailable, "redis: stopped"});
}

Redis::Redis(RedisSettings settings, Executor executor)
    : connection_{std::make_shared<Connection>(std::move(settings), executor)} {
  connection_->start();
}

Redis::~Redis() { connection_->stop(); }

bool Redis::is_up() const noexcept { return connection_->is_up; }

RedisMetrics Redis::metrics() const noexcept {
  return {.connections = connection_->connections,
          .commands = connection_->commands,
          .failures = connection_->failures};
}

Task<Result<RedisReply>> Redis::command(std::vector<std::string> words, Call call) {
  const std::shared_ptr<Connection> connection = connection_;
  const Executor executor = co_await asio::this_coro::executor;
  if (!connection->url()) co_return fail(Error{connection->url().error()});
  ++connection->commands;
  const Monotonic now = std::chrono::steady_clock::now();
  const Monotonic own = now + connection->settings().command_timeout;
  const Monotonic deadline = std::min(own, call.deadline);
  Waiter waiter{executor, Timer{executor, deadline}};
  const Leave leave{std::make_shared<Pending>(waiter, now, encode_redis(words))};
  asio::post(connection->executor(),
             [connection, pending = leave.pending] { connection->submit(pending); });
  while (!waiter.result && std::chrono::steady_clock::now() < deadline) {
    co_await waiter.timer.async_wait(kAsTuple);
  }
  if (!waiter.result) {
    ++connection->failures;
    asio::post(connection->executor(), [connection] { connection->give_up(); });
    if (call.deadline < own) {
      co_return fail(ErrorCode::DeadlineExceeded, "redis: no answer in time");
    }
    co_return fail(ErrorCode::StorageUnavailable, "redis: no answer in time");
  }
  if (!*waiter.result) ++connection->failures;
  co_return std::move(*waiter.result);
}

Result<> check_redis_url(const Secret& url) {
  auto parsed = parse_redis_url(url.reveal());
  if (!parsed) return fail(std::move(parsed).error());
  return {};
}

}  // namespace ziggy::net
