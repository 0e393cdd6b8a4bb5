#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/base/secret.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::net {

struct RedisSettings {
  /// `redis://[[user]:password@]host[:port][/db]`, user and password percent-encoded; `rediss://`
  /// through TLS, the certificate and its name verified.
  Secret url = {};
  /// For resolving, connecting, AUTH and SELECT together.
  std::chrono::milliseconds connect_timeout{2'000};
  /// For one command; the call's deadline counts too. A neighbour answers within a millisecond.
  std::chrono::milliseconds command_timeout{500};
  /// Between tries to connect, twice as long each time, up to half of it taken off at random.
  std::chrono::milliseconds backoff_first{100};
  std::chrono::milliseconds backoff_max{10'000};
  /// Commands without an answer; more are refused at once.
  std::size_t in_flight_max = 4'096;
  /// One answer, and what is sent but not yet taken by the system.
  std::size_t bytes_max = std::size_t{32} << 20U;
  /// PEM file of the authorities to believe; empty: the system's.
  std::string ca_file = {};
  /// Of the jitter; 0: one of its own.
  std::uint64_t seed = 0;
};

/// One answer (RESP 2).
struct RedisReply {
  enum class Kind : std::uint8_t {
    Nil,
    Status,  ///< "OK" in `text`
    Text,    ///< any bytes
    Integer,
    Array,
    Error,  ///< inside an Array only
  };
  Kind kind = Kind::Nil;
  std::string text = {};
  std::int64_t integer = 0;
  std::vector<RedisReply> items = {};

  [[nodiscard]] bool is_nil() const noexcept { return kind == Kind::Nil; }
};

struct RedisMetrics {
  std::uint64_t connections = 0;  ///< made and accepted
  std::uint64_t commands = 0;
  std::uint64_t failures = 0;  ///< commands without a good answer, whatever the reason
};

/// One pipelined connection to a Redis server: commands of all loops leave in one write per turn,
/// answers come back in order. Made at construction, and again by itself after a loss. Thread-safe.
/// Nothing here waits for a server that is gone: while the connection is lost commands fail at
/// once; during an attempt to connect they wait for its outcome.
class Redis {
 public:
  /// The connection lives on `executor`'s loop, which outlives this.
  Redis(RedisSettings settings, Executor executor);
  /// Fails what waits.
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  /// Sends a command (`{"SET", key, value, "PX", "1000", "NX"}`) and resumes on the caller's loop.
  /// After an error it is unknown whether the command was carried out.
  /// Errors: StorageUnavailable when not connected, lost meanwhile, not answered in time, refused
  /// (`in_flight_max`) or answered with an error; DeadlineExceeded past the call's own deadline;
  /// Configuration for a wrong URL.
  [[nodiscard]] Task<Result<RedisReply>> command(std::vector<std::string> words, Call call);

  [[nodiscard]] bool is_up() const noexcept;
  [[nodiscard]] RedisMetrics metrics() const noexcept;

 private:
  class Connection;
  std::shared_ptr<Connection> connection_;
};

/// Errors: Configuration, without the URL's secrets.
[[nodiscard]] Result<> check_redis_url(const Secret& url);

}  // namespace ziggy::net
