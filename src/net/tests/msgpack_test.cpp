#include "ziggy/net/msgpack.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <vector>

namespace ziggy::net {
namespace {

std::string bytes_of(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

/// The only value of `bytes`; its bytes must have been read to the end.
MsgPackToken read_one(const std::string& bytes) {
  MsgPackReader reader{bytes};
  const auto token = reader.next();
  EXPECT_TRUE(token.has_value()) << token.error().detail();
  EXPECT_TRUE(reader.at_end());
  return token.value_or(MsgPackToken{});
}

TEST(MsgPack, ReadsEachFormOfTheSpecification) {
  EXPECT_EQ(read_one(bytes_of({0xc0})).type, MsgPackType::Nil);
  EXPECT_FALSE(read_one(bytes_of({0xc2})).boolean);
  EXPECT_TRUE(read_one(bytes_of({0xc3})).boolean);
  EXPECT_EQ(read_one(bytes_of({0x7f})).integer, 127);
  EXPECT_EQ(read_one(bytes_of({0xff})).integer, -1);
  EXPECT_EQ(read_one(bytes_of({0xe0})).integer, -32);
  EXPECT_EQ(read_one(bytes_of({0xcc, 200})).integer, 200);
  EXPECT_EQ(read_one(bytes_of({0xcd, 1, 0})).integer, 256);
  EXPECT_EQ(read_one(bytes_of({0xce, 0xff, 0xff, 0xff, 0xff})).integer, 4'294'967'295);
  EXPECT_EQ(read_one(bytes_of({0xd0, 0x80})).integer, -128);
  EXPECT_EQ(read_one(bytes_of({0xd1, 0x80, 0})).integer, -32'768);
  EXPECT_EQ(read_one(bytes_of({0xd2, 0x80, 0, 0, 0})).integer, -2'147'483'648);
  const MsgPackToken large = read_one(std::string(9, '\xff').replace(0, 1, "\xcf"));
  EXPECT_EQ(large.type, MsgPackType::UInt);
  EXPECT_EQ(large.unsigned_integer, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(read_one(bytes_of({0xca, 0x3f, 0xc0, 0, 0})).number, 1.5);
  EXPECT_EQ(read_one(bytes_of({0xa2, 'h', 'i'})).bytes, "hi");
  EXPECT_EQ(read_one(bytes_of({0xd9, 2, 'h', 'i'})).bytes, "hi");
  EXPECT_EQ(read_one(bytes_of({0xc4, 1, 0})).bytes, std::string(1, '\0'));
  const std::string ext_bytes = bytes_of({0xd4, 5, 9});
  const MsgPackToken ext = read_one(ext_bytes);
  EXPECT_EQ(ext.ext_type, 5);
  EXPECT_EQ(ext.bytes, "\x09");
  EXPECT_FALSE(ext.timestamp().has_value());
}

TEST(MsgPack, ReadsTimestampsOfAllThreeSizes) {
  // 1614009104 s.
  EXPECT_EQ(read_one(bytes_of({0xd6, 0xff, 0x60, 0x33, 0xd3, 0x10})).timestamp(),
            *parse_rfc3339("2021-02-22T15:51:44Z"));
  const Timestamp precise = *parse_rfc3339("2021-02-22T15:51:45.335689322Z");
  EXPECT_EQ(read_one(MsgPackWriter{}.timestamp(precise).take()).timestamp(), precise);
  const Timestamp early = *parse_rfc3339("1969-12-31T23:59:59.5Z");
  EXPECT_EQ(read_one(MsgPackWriter{}.timestamp(early).take()).timestamp(), early);
  // A billion nanoseconds is no timestamp, nor is the year 292277026596.
  EXPECT_FALSE(
      read_one(bytes_of({0xd7, 0xff, 0xee, 0x6b, 0x28, 0x00, 0, 0, 0, 0})).timestamp().has_value());
  EXPECT_FALSE(read_one(bytes_of({0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff}))
                   .timestamp()
                   .has_value());
}

TEST(MsgPack, PassesOverWholeValues) {
  MsgPackWriter writer;
  writer.array(3).map(2).text("a").array(2).integer(1).integer(2).text("b").map(0).text("next");
  writer.integer(7);
  const std::string bytes = writer.take();
  MsgPackReader reader{bytes};
  ASSERT_TRUE(reader.next().has_value());
  ASSERT_TRUE(reader.skip().has_value());
  EXPECT_EQ(reader.depth(), 1U);
  EXPECT_EQ(reader.next()->bytes, "next");
  ASSERT_TRUE(reader.skip().has_value());
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(reader.depth(), 0U);
  EXPECT_EQ(reader.next().error().code(), ErrorCode::BadPayload);
}

TEST(MsgPack, RefusesWhatBreaksOff) {
  MsgPackWriter writer;
  writer.array(2).map(1).text("key").number(1.5).timestamp(*parse_rfc3339("2021-02-22T15:51:44Z"));
  const std::string whole = writer.take();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    MsgPackReader reader{std::string_view{whole}.substr(0, size)};
    EXPECT_FALSE(reader.skip().has_value()) << size;
  }
  EXPECT_TRUE(MsgPackReader{whole}.skip().has_value());
  EXPECT_FALSE(MsgPackReader{bytes_of({0xc1})}.next().has_value());
}

TEST(MsgPack, BelievesNoCountThatTheBytesCannotHold) {
  const std::string liar = bytes_of({0xdd, 0xff, 0xff, 0xff, 0xff, 1, 2, 3});
  MsgPackReader reader{liar};
  EXPECT_FALSE(reader.next().has_value());
  const std::string map = bytes_of({0x82, 1, 2, 3});
  EXPECT_FALSE(MsgPackReader{map}.next().has_value());
}

TEST(MsgPack, RefusesToNestDeeper) {
  const std::string deep = std::string(MsgPackReader::kDepthMax, '\x91') + '\x01';
  EXPECT_TRUE(MsgPackReader{deep}.skip().has_value());
  const std::string deeper = std::string(MsgPackReader::kDepthMax + 1, '\x91') + '\x01';
  EXPECT_FALSE(MsgPackReader{deeper}.skip().has_value());
}

TEST(MsgPack, ReadsBackWhatItWrites) {
  EXPECT_TRUE(rc::check([](std::int64_t integer, std::uint64_t large, double number,
                           const std::string& text, std::int64_t nanos) {
    const Timestamp time{std::chrono::nanoseconds{nanos}};
    MsgPackWriter writer;
    writer.array(8).integer(integer).unsigned_integer(large).number(number).text(text);
    writer.binary(text).boolean(true).nil().timestamp(time);
    const std::string bytes = writer.take();
    MsgPackReader reader{bytes};
    RC_ASSERT(reader.next()->count == 8U);
    RC_ASSERT(reader.next()->integer == integer);
    const MsgPackToken second = *reader.next();
    RC_ASSERT((second.type == MsgPackType::UInt
                   ? second.unsigned_integer
                   : static_cast<std::uint64_t>(second.integer)) == large);
    RC_ASSERT(reader.next()->number == number);
    RC_ASSERT(reader.next()->bytes == text);
    RC_ASSERT(reader.next()->bytes == text);
    RC_ASSERT(reader.next()->boolean);
    RC_ASSERT(reader.next()->type == MsgPackType::Nil);
    RC_ASSERT(*reader.next()->timestamp() == time);
    RC_ASSERT(reader.at_end());
  }));
}

TEST(MsgPack, WritesLongTextsWithTheRightHead) {
  for (const std::size_t size : {31U, 32U, 255U, 256U, 65'535U, 65'536U}) {
    const std::string text(size, 'x');
    EXPECT_EQ(read_one(MsgPackWriter{}.text(text).take()).bytes, text);
    EXPECT_EQ(read_one(MsgPackWriter{}.binary(text).take()).bytes, text);
  }
  EXPECT_EQ(MsgPackWriter{}.array(16).take(), bytes_of({0xdc, 0, 16}));
  EXPECT_EQ(MsgPackWriter{}.map(70'000).take(), bytes_of({0xdf, 0, 1, 0x11, 0x70}));
}

}  // namespace
}  // namespace ziggy::net
