#include "body_reader.hpp"

#include <gtest/gtest.h>

namespace ziggy::net {
namespace {

using Status = BodyReader::Status;

struct Outcome {
  Status status;
  std::string body;
  std::size_t used;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Fed at once and byte by byte, which must be the same.
Outcome read(const BodyReader& start, std::string_view bytes) {
  const auto feed = [&](std::size_t piece) {
    BodyReader reader = start;
    Outcome out{Status::NeedMore, "", 0};
    while (out.status == Status::NeedMore && out.used < bytes.size()) {
      std::size_t used = 0;
      out.status = reader.feed(bytes.substr(out.used, piece), used, out.body);
      out.used += used;
    }
    return out;
  };
  const Outcome whole = feed(bytes.size());
  EXPECT_EQ(feed(1), whole) << bytes;
  return whole;
}

TEST(BodyReader, ReadsALengthAndNoMore) {
  EXPECT_EQ(read(BodyReader::of_length(3), "abcdef"), (Outcome{Status::Done, "abc", 3}));
  EXPECT_EQ(read(BodyReader::of_length(3), "ab"), (Outcome{Status::NeedMore, "ab", 2}));
}

TEST(BodyReader, JoinsChunks) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"0\r\n\r\n", ""},
      {"3\r\nabc\r\n0\r\n\r\n", "abc"},
      {"A\r\n0123456789\r\n00a\r\nabcdefghij\r\n000\r\n\r\n", "0123456789abcdefghij"},
      {"1;name=\"value; more\"\r\nx\r\n0;last\r\n\r\n", "x"},
      {"1\r\n\r\r\n2\r\n\r\n\r\n0\r\n\r\n", "\r\r\n"},
      {"1\r\nx\r\n0\r\nTrailer: 1\r\nOther: \t2\r\n\r\n", "x"},
  };
  for (const auto& [bytes, body] : table) {
    const std::string with_next = std::string{bytes} + "GET /";
    EXPECT_EQ(read(BodyReader::of_chunks(100), with_next),
              (Outcome{Status::Done, std::string{body}, bytes.size()}));
  }
}

TEST(BodyReader, RefusesWhatIsNoChunk) {
  using namespace std::string_view_literals;
  for (const std::string_view bytes :
       {"\r\n"sv, "x\r\n"sv, "-1\r\n"sv, "0x1\r\na"sv, " 1\r\na"sv, "1 \r\na"sv, "1\na"sv,
        "1\r\r\n"sv, "1\r\nab\r\n"sv, "1\r\na\n"sv, "1\r\na\rx"sv, "1;a\x01\r\n"sv, "1;a\nb"sv,
        "0\r\n\rx"sv, "0\r\n\n"sv, "0\r\nA: 1\n\r\n"sv, "0\r\nA: \0\r\n\r\n"sv, "0\r\nA: 1\rB"sv}) {
    EXPECT_EQ(read(BodyReader::of_chunks(100), bytes).status, Status::Malformed) << bytes;
  }
  EXPECT_EQ(read(BodyReader::of_chunks(100), std::string(300, '0')).status, Status::Malformed);
  EXPECT_EQ(read(BodyReader::of_chunks(100), "1;" + std::string(300, 'x')).status,
            Status::Malformed);
  EXPECT_EQ(read(BodyReader::of_chunks(100), "0\r\n" + std::string(5000, 'x')).status,
            Status::Malformed);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "a: bcd\r\n";
  EXPECT_EQ(read(BodyReader::of_chunks(100), trailers).status, Status::Malformed);
}

TEST(BodyReader, StopsAtTheLimitBeforeItReadsTheChunk) {
  EXPECT_EQ(read(BodyReader::of_chunks(3), "3\r\nabc\r\n0\r\n\r\n").status, Status::Done);
  EXPECT_EQ(read(BodyReader::of_chunks(3), "4\r\nabcd"), (Outcome{Status::TooLarge, "", 3}));
  EXPECT_EQ(read(BodyReader::of_chunks(3), "2\r\nab\r\n2\r\ncd").status, Status::TooLarge);
  EXPECT_EQ(read(BodyReader::of_chunks(3), "ffffffffffffffffffffffff\r\n").status,
            Status::TooLarge);
  EXPECT_EQ(read(BodyReader::of_chunks(3), "10000000000000000\r\n").status, Status::TooLarge);
}

}  // namespace
}  // namespace ziggy::net
