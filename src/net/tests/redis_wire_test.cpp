#include "redis_wire.hpp"

#include <gtest/gtest.h>

namespace ziggy::net {
namespace {

TEST(RedisUrl, IsTakenApart) {
  const auto check = [](std::string_view url, std::string_view host, std::string_view port,
                        std::string_view user, std::string_view password,
                        std::string_view database) {
    const auto parts = parse_redis_url(url);
    ASSERT_TRUE(parts.has_value()) << url << " " << parts.error().detail();
    EXPECT_EQ(parts->host, host) << url;
    EXPECT_EQ(parts->port, port) << url;
    EXPECT_EQ(parts->user, user) << url;
    EXPECT_EQ(parts->password.reveal(), password) << url;
    EXPECT_EQ(parts->database, database) << url;
  };
  check("redis://cache", "cache", "6379", "", "", "");
  check("redis://cache:7000/3", "cache", "7000", "", "", "3");
  check("redis://:s%40cret%2F@cache/", "cache", "6379", "", "s@cret/", "");
  check("redis://me:pass@[::1]:7000/0", "::1", "7000", "me", "pass", "0");
  for (const std::string_view wrong :
       {"http://a", "redis://", "rediss://", "redis://:p@", "redis://a/b", "redis://a/-1",
        "redis://a:0", "redis://a:x", "redis://user@a", "redis://:%zz@a", "redis://a/1/2"}) {
    const auto parts = parse_redis_url(wrong);
    ASSERT_FALSE(parts.has_value()) << wrong;
    EXPECT_EQ(parts.error().code(), ErrorCode::Configuration) << wrong;
  }
  EXPECT_TRUE(parse_redis_url("rediss://a")->is_tls);
  EXPECT_FALSE(parse_redis_url("redis://a")->is_tls);
  EXPECT_FALSE(parse_redis_url("redis://:s3cret@a:x").error().detail().contains("s3cret"));
}

TEST(RedisWire, WritesCommandsOfAnyBytes) {
  EXPECT_EQ(encode_redis({"SET", "k", std::string{"\r\n\0", 3}}),
            (std::string{"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\n\r\n\0\r\n", 29}));
}

TEST(RedisWire, ReadsAnswersInAnyPortions) {
  const std::string bytes =
      "+OK\r\n:-7\r\n$-1\r\n$4\r\na\r\nb\r\n*3\r\n:1\r\n$-1\r\n-ERR "
      "no\r\n*-1\r\n*0\r\n-NOSCRIPT\r\n";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    RedisReader reader{1'000};
    std::vector<RedisReply> replies;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      ASSERT_TRUE(reader.feed(std::string_view{bytes}.substr(at, step)).has_value());
      for (;;) {
        auto reply = reader.next();
        ASSERT_TRUE(reply.has_value());
        if (!*reply) break;
        replies.push_back(std::move(**reply));
      }
    }
    ASSERT_EQ(replies.size(), 8U) << step;
    EXPECT_EQ(replies[0].kind, RedisReply::Kind::Status);
    EXPECT_EQ(replies[0].text, "OK");
    EXPECT_EQ(replies[1].integer, -7);
    EXPECT_TRUE(replies[2].is_nil());
    EXPECT_EQ(replies[3].text, "a\r\nb");
    ASSERT_EQ(replies[4].items.size(), 3U);
    EXPECT_EQ(replies[4].items[2].kind, RedisReply::Kind::Error);
    EXPECT_TRUE(replies[5].is_nil());
    EXPECT_TRUE(replies[6].items.empty());
    EXPECT_EQ(replies[7].text, "NOSCRIPT");
  }
}

TEST(RedisWire, RefusesGarbageAndAnswersWithoutEnd) {
  RedisReader reader{1'000};
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\n").has_value());
  EXPECT_EQ(reader.next().error().code(), ErrorCode::StorageUnavailable);
  RedisReader endless{1'000};
  ASSERT_TRUE(endless.feed("$100000\r\n").has_value());
  EXPECT_TRUE(endless.next().has_value());
  ASSERT_TRUE(endless.feed(std::string(900, 'x')).has_value());
  EXPECT_TRUE(endless.next().has_value());
  EXPECT_FALSE(endless.feed(std::string(900, 'x')).has_value());
  // Many small ones are no large one.
  RedisReader many{1'000};
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(many.feed("+OK\r\n").has_value());
    ASSERT_TRUE(many.next().value().has_value());
  }
}

}  // namespace
}  // namespace ziggy::net
