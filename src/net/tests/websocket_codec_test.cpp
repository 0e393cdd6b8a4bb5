#include "websocket_codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "websocket_frames.hpp"

namespace ziggy::net {
namespace {

using testing::client_frame;
using Kind = MessageReader::Kind;

struct Seen {
  Kind kind;
  std::string payload;
  std::uint16_t code;
  friend bool operator==(const Seen&, const Seen&) = default;
};

/// Every event of `bytes`, fed in pieces of the given size.
std::vector<Seen> read_all(const std::string& bytes, std::size_t piece, std::size_t message_max) {
  MessageReader reader{message_max};
  std::vector<Seen> seen;
  std::string buffer;
  std::size_t fed = 0;
  for (;;) {
    const MessageReader::Event event = reader.next(buffer.data(), buffer.size());
    if (event.kind == Kind::NeedMore) {
      buffer.erase(0, event.consumed);
      if (fed == bytes.size()) return seen;
      const std::size_t size = std::min(piece, bytes.size() - fed);
      buffer += bytes.substr(fed, size);
      fed += size;
      continue;
    }
    seen.push_back({event.kind, std::string{event.payload}, event.code});
    if (event.kind == Kind::Error || event.kind == Kind::Close) return seen;
    buffer.erase(0, event.consumed);
  }
}

std::vector<Seen> read_all(const std::string& bytes) {
  const auto whole = read_all(bytes, bytes.size() + 1, 1000);
  for (const std::size_t piece : {1U, 2U, 7U}) EXPECT_EQ(read_all(bytes, piece, 1000), whole);
  return whole;
}

Seen text(std::string payload) { return {Kind::Text, std::move(payload), 0}; }

TEST(MessageReader, ReadsMessagesOfEveryLength) {
  for (const std::size_t size : {0U, 1U, 7U, 8U, 125U, 126U, 127U, 500U, 1000U}) {
    const std::string payload(size, 'a');
    EXPECT_EQ(read_all(client_frame(0x81, payload)), std::vector{text(payload)}) << size;
  }
  const std::string large(70'000, 'b');
  EXPECT_EQ(read_all(client_frame(0x82, large), 1000, 100'000),
            (std::vector<Seen>{{Kind::Binary, large, 0}}));
}

TEST(MessageReader, JoinsFragmentsAroundControlFrames) {
  const std::string bytes = client_frame(0x01, "one ") + client_frame(0x89, "ping") +
                            client_frame(0x00, "two ") + client_frame(0x8A, "") +
                            client_frame(0x80, "three") + client_frame(0x82, "bin");
  EXPECT_EQ(read_all(bytes), (std::vector<Seen>{{Kind::Ping, "ping", 0},
                                                {Kind::Pong, "", 0},
                                                text("one two three"),
                                                {Kind::Binary, "bin", 0}}));
  // A character may be cut by a fragment's end.
  EXPECT_EQ(read_all(client_frame(0x01, "\xE2\x82") + client_frame(0x80, "\xAC")),
            std::vector{text("€")});
}

TEST(MessageReader, ReadsCloses) {
  using namespace std::string_literals;
  const auto none = close_code::kNoStatus;
  EXPECT_EQ(read_all(client_frame(0x88, "")), (std::vector<Seen>{{Kind::Close, "", none}}));
  EXPECT_EQ(read_all(client_frame(0x88, "\x03\xE8"s + "bye")),
            (std::vector<Seen>{{Kind::Close, "bye", 1000}}));
  EXPECT_EQ(read_all(client_frame(0x88, "\x11\x30"s)),
            (std::vector<Seen>{{Kind::Close, "", 4400}}));
}

TEST(MessageReader, RefusesWhatTheStandardForbids) {
  using namespace std::string_literals;
  const std::pair<std::string, std::uint16_t> table[] = {
      {"\x81\x01"s + "a", 1002},                          // not masked
      {client_frame(0xC1, "a"), 1002},                    // reserved bit 1 without an extension
      {client_frame(0xA1, "a"), 1002},                    // 2
      {client_frame(0x91, "a"), 1002},                    // 3
      {client_frame(0x83, "a"), 1002},                    // unknown data opcode
      {client_frame(0x8B, ""), 1002},                     // unknown control opcode
      {client_frame(0x09, "a"), 1002},                    // fragmented ping
      {client_frame(0x89, std::string(126, 'a')), 1002},  // long ping
      {client_frame(0x80, "a"), 1002},                    // continues nothing
      {client_frame(0x01, "a") + client_frame(0x81, "b"), 1002},  // begins within another
      {client_frame(0x88, "x"), 1002},                            // half a code
      {client_frame(0x88, "\x03\xED"s), 1002},                    // 1005 is never sent
      {client_frame(0x88, "\x03\xEE"s), 1002},                    // 1006
      {client_frame(0x88, "\x00\x01"s), 1002},
      {client_frame(0x88, "\x0B\xB7"s), 1002},      // 2999
      {client_frame(0x88, "\x13\x88"s), 1002},      // 5000
      {client_frame(0x88, "\x03\xE8\xFF"s), 1007},  // reason not UTF-8
      {client_frame(0x81, "\xFF"), 1007},
      {client_frame(0x01, "\xC3") + client_frame(0x80, "("), 1007},
      {"\x81\xFE\x00\x05"s + "mask" + "aaaaa", 1002},  // length not in shortest form
      {"\x81\xFF\x00\x00\x00\x00\x00\x00\x00\x05"s + "mask", 1002},
      {client_frame(0x81, std::string(1001, 'a')), 1009},
      {"\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, 1009},
      {"\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, 1009},
      {client_frame(0x01, std::string(600, 'a')) + client_frame(0x80, std::string(600, 'a')), 1009},
  };
  for (const auto& [bytes, code] : table) {
    const auto seen = read_all(bytes);
    ASSERT_EQ(seen.size(), 1U) << ::testing::PrintToString(bytes);
    EXPECT_EQ(seen[0].kind, Kind::Error) << ::testing::PrintToString(bytes);
    EXPECT_EQ(seen[0].code, code) << ::testing::PrintToString(bytes);
  }
}

TEST(MessageReader, AnyCutOfAnyMessagesGivesTheSame) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& payloads) {
    std::string bytes;
    std::vector<Seen> expected;
    for (const std::string& payload : payloads) {
      bytes += client_frame(0x82, payload);
      expected.push_back({Kind::Binary, payload, 0});
    }
    const auto piece = *rc::gen::inRange<std::size_t>(1, 40);
    RC_ASSERT(read_all(bytes, piece, 100'000) == expected);
  }));
}

TEST(Frame, WritesHeadersOfEveryLength) {
  using namespace std::string_literals;
  EXPECT_EQ(Frame::text("hi").bytes(), "\x81\x02hi");
  EXPECT_EQ(Frame::binary("").bytes(), "\x82\x00"s);
  EXPECT_EQ(Frame::text(std::string(126, 'a')).bytes().substr(0, 4), "\x81\x7E\x00\x7E"s);
  EXPECT_EQ(Frame::text(std::string(65536, 'a')).bytes().substr(0, 10),
            "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s);
  for (const std::size_t size : {0U, 125U, 126U, 65535U, 65536U}) {
    const std::string payload(size, 'p');
    EXPECT_EQ(Frame::text(payload).payload(), payload);
    EXPECT_EQ(Frame::text(payload).clone().bytes(), Frame::text(payload).bytes());
  }
}

TEST(Frame, CutsAReasonThatIsTooLongBetweenCharacters) {
  std::string reason;
  for (int i = 0; i < 60; ++i) reason += "€";
  const std::string frame = encode_close(4400, reason);
  EXPECT_EQ(frame.size(), 2U + 2U + 123U);
  EXPECT_EQ(frame.substr(4), reason.substr(0, 123));
  EXPECT_EQ(encode_close(4400, "x" + reason).size(), 2U + 2U + 121U);
}

TEST(Handshake, ComputesTheAcceptValueOfTheStandard) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_TRUE(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ=="));
  for (const std::string_view key : {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
                                     "dGhlIHNhbXBsZSBub25j!Q==", "AAAA"}) {
    EXPECT_FALSE(is_websocket_key(key)) << key;
  }
}

}  // namespace
}  // namespace ziggy::net
