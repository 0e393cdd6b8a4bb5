#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/secret.hpp"
#include "ziggy/net/redis.hpp"

struct redisReader;  // NOLINT(readability-identifier-naming): hiredis names it

/// Redis' protocol (RESP 2) and addresses, without I/O.
namespace ziggy::net {

struct RedisUrl {
  bool is_tls = false;
  std::string host;
  std::string port;
  std::string user;
  Secret password;
  std::string database;  ///< empty: the first
};

/// Errors: Configuration; the detail holds nothing of the URL but its scheme.
[[nodiscard]] Result<RedisUrl> parse_redis_url(std::string_view url);

/// A command as an array of bulk strings.
[[nodiscard]] std::string encode_redis(const std::vector<std::string>& words);

/// Makes answers of bytes in any portions.
class RedisReader {
 public:
  explicit RedisReader(std::size_t bytes_max);

  /// Errors: StorageUnavailable when one answer is larger than `bytes_max`.
  [[nodiscard]] Result<> feed(std::string_view bytes);
  /// The next whole answer; nullopt until more is fed. Errors: StorageUnavailable when the bytes
  /// are no answer; nothing more may be asked then.
  [[nodiscard]] Result<std::optional<RedisReply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const noexcept;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t bytes_max_;
  std::size_t unfinished_bytes_ = 0;
};

}  // namespace ziggy::net
