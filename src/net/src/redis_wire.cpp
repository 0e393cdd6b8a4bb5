#include "redis_wire.hpp"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <utility>

#include "ziggy/base/text.hpp"
#include "ziggy/net/query.hpp"

namespace ziggy::net {

namespace {

RedisReply convert(const redisReply& from) {
  RedisReply reply;
  switch (from.type) {
    case REDIS_REPLY_STATUS:
      reply.kind = RedisReply::Kind::Status;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_STRING:
      reply.kind = RedisReply::Kind::Text;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = RedisReply::Kind::Error;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_INTEGER:
      reply.kind = RedisReply::Kind::Integer;
      reply.integer = from.integer;
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = RedisReply::Kind::Array;
      reply.items.reserve(from.elements);
      // hiredis nests at most nine deep.
      for (std::size_t i = 0; i < from.elements; ++i)
        reply.items.push_back(convert(*from.element[i]));
      break;
    default:
      break;
  }
  return reply;
}

}  // namespace

Result<RedisUrl> parse_redis_url(std::string_view url) {
  constexpr std::string_view kPlain = "redis://";
  constexpr std::string_view kTls = "rediss://";
  const auto wrong = [](std::string_view what) {
    return fail(ErrorCode::Configuration,
                "REDIS_URL {}; expected redis[s]://[[user]:password@]host[:port][/db]", what);
  };
  const bool is_tls = url.starts_with(kTls);
  if (!is_tls && !url.starts_with(kPlain)) return wrong("does not begin with redis://");
  url.remove_prefix(is_tls ? kTls.size() : kPlain.size());
  RedisUrl out;
  out.is_tls = is_tls;
  if (const std::size_t slash = url.rfind('/'); slash != std::string_view::npos) {
    out.database = url.substr(slash + 1);
    url = url.substr(0, slash);
    const auto number = text::parse_int(out.database);
    if (!out.database.empty() && (!number || *number < 0)) return wrong("names no database number");
  }
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = url.substr(0, at);
    url = url.substr(at + 1);
    const std::size_t colon = who.find(':');
    if (colon == std::string_view::npos) return wrong("has a user without a password");
    auto user = percent_decode(who.substr(0, colon), Plus::IsPlus);
    auto password = percent_decode(who.substr(colon + 1), Plus::IsPlus);
    if (!user || !password) return wrong("has a wrong escape in its user or password");
    out.user = std::move(*user);
    out.password = Secret{std::move(*password)};
  }
  const std::size_t bracket = url.rfind(']');
  const std::size_t colon = url.rfind(':');
  out.port = "6379";
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    out.port = url.substr(colon + 1);
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  out.host = url;
  const auto port = text::parse_int(out.port);
  if (!port || *port < 1 || *port > 65'535) return wrong("has a wrong port");
  if (out.host.empty() || out.host.contains('/')) return wrong("has no host");
  return out;
}

std::string encode_redis(const std::vector<std::string>& words) {
  std::string out = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) {
    out += fmt::format("${}\r\n", word.size());
    out += word;
    out += "\r\n";
  }
  return out;
}

void RedisReader::Free::operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }

RedisReader::RedisReader(std::size_t bytes_max)
    : reader_{redisReaderCreate()}, bytes_max_{bytes_max} {}

Result<> RedisReader::feed(std::string_view bytes) {
  unfinished_bytes_ += bytes.size();
  if (unfinished_bytes_ > bytes_max_) {
    return fail(ErrorCode::StorageUnavailable, "redis: an answer of more than {} bytes",
                bytes_max_);
  }
  if (!reader_ || redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    return fail(ErrorCode::StorageUnavailable, "redis: out of memory for an answer");
  }
  return {};
}

Result<std::optional<RedisReply>> RedisReader::next() {
  void* raw = nullptr;
  if (!reader_ || redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) {
    return fail(ErrorCode::StorageUnavailable, "redis: {}",
                reader_ ? static_cast<const char*>(reader_->errstr) : "out of memory");
  }
  if (raw == nullptr) return std::nullopt;
  const std::unique_ptr<void, decltype(&freeReplyObject)> reply{raw, &freeReplyObject};
  unfinished_bytes_ = reader_->len - reader_->pos;
  return convert(*static_cast<const redisReply*>(reply.get()));
}

}  // namespace ziggy::net
