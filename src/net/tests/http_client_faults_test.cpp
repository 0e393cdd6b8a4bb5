/// The HTTP client against servers that fail in every way they know.
#include <gtest/gtest.h>
#include <zlib.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include "asker.hpp"
#include "raw_server.hpp"

namespace ziggy::net {
namespace {

using std::chrono::milliseconds;
using testing::always;
using testing::Answered;
using testing::Asker;
using testing::RawPeer;
using testing::RawServer;

constexpr std::string_view kSecret = "hunter2";
constexpr std::string_view kKeyed = "/path?apiKey=hunter2";

std::string gzip_of(std::string_view bytes) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string answer_of(std::string_view headers, std::string_view body) {
  return "HTTP/1.1 200 OK\r\n" + std::string{headers} +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

/// One request to a server that says `bytes` to whatever comes and closes.
Answered told(std::string bytes, std::size_t body_max = 100'000) {
  const RawServer server{[&](RawPeer& peer) {
    if (!peer.read_request().empty()) peer.write(bytes);
  }};
  Asker asker;
  return asker.ask({.url = server.url(kKeyed), .body_max = body_max});
}

void expect_error(const Answered& answer, ErrorCode code, std::string_view words = {}) {
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(code_name(answer.error().code()), code_name(code)) << answer.error().detail();
  EXPECT_NE(answer.error().detail().find(words), std::string::npos) << answer.error().detail();
  EXPECT_EQ(answer.error().detail().find(kSecret), std::string::npos) << answer.error().detail();
}

template <class Predicate>
bool comes_true(Predicate predicate) {
  for (int i = 0; i < 2'000; ++i) {
    if (predicate()) return true;
    std::this_thread::sleep_for(milliseconds{1});
  }
  return false;
}

TEST(HttpClientFaults, ABodyUpToTheLimitIsTakenAndOneByteMoreIsNot) {
  EXPECT_TRUE(told(answer_of("", std::string(1000, 'x')), 1000).has_value());
  expect_error(told(answer_of("", std::string(1001, 'x')), 1000), ErrorCode::BadPayload, "larger");
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_error(told(chunked + "3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n", 1000),
               ErrorCode::BadPayload, "larger");
}

TEST(HttpClientFaults, ABombDoesNotGoOff) {
  const std::string bomb = gzip_of(std::string(100'000'000, '\0'));
  ASSERT_LT(bomb.size(), 100'000U);
  expect_error(told(answer_of("Content-Encoding: gzip\r\n", bomb), 1'000'000),
               ErrorCode::BadPayload, "larger than 1000000");
}

TEST(HttpClientFaults, CompressionThatNeverGivesAByteEnds) {
  // Empty stored blocks: bytes without end that decompress to none.
  const RawServer server{[](RawPeer& peer) {
    if (peer.read_request().empty()) return;
    peer.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    peer.write(std::string_view{"\x1f\x8b\x08\0\0\0\0\0\0\x03", 10});
    std::string blocks;
    for (int i = 0; i < 1000; ++i) blocks.append(std::string_view{"\0\0\0\xff\xff", 5});
    while (peer.write(blocks)) {
    }
  }};
  Asker asker;
  expect_error(asker.ask({.url = server.url(kKeyed), .body_max = 100'000}), ErrorCode::BadPayload,
               "larger");
}

TEST(HttpClientFaults, WhatIsNoHttpOrWronglyEncodedIsABadPayload) {
  expect_error(told("welcome to the machine\r\n\r\n"), ErrorCode::BadPayload);
  expect_error(told(answer_of("Content-Encoding: gzip\r\n", "not gzip at all")),
               ErrorCode::BadPayload);
  std::string endless = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 3'000; ++i) endless += "X-Header-" + std::to_string(i) + ": some value\r\n";
  expect_error(told(endless + "\r\n"), ErrorCode::BadPayload, "headers are larger");
}

TEST(HttpClientFaults, ABodyThatIsCutOffIsABadPayload) {
  expect_error(told("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789"),
               ErrorCode::BadPayload, "cut off after 10 bytes");
  expect_error(told("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n01234"),
               ErrorCode::BadPayload, "cut off after");
}

TEST(HttpClientFaults, ABrokenConnectionIsUnavailable) {
  expect_error(told(""), ErrorCode::ProviderUnavailable);
  const RawServer server{[](RawPeer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
    peer.reset();
  }};
  Asker asker;
  expect_error(asker.get(server.url(kKeyed)), ErrorCode::ProviderUnavailable);
  const std::string nobody = "http://127.0.0.1:" + std::to_string(testing::unused_port());
  expect_error(asker.get(nobody + std::string{kKeyed}), ErrorCode::ProviderUnavailable, "refused");
  expect_error(asker.get("http://no-such-host.invalid/?k=hunter2"), ErrorCode::ProviderUnavailable,
               "resolve");
}

TEST(HttpClientFaults, AServerThatHangsOrTricklesTimesOut) {
  const RawServer silent{[](RawPeer& peer) { peer.wait_for_end(); }};
  const RawServer slow{[](RawPeer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (peer.write("x")) std::this_thread::sleep_for(milliseconds{5});
  }};
  Asker asker;
  for (const RawServer* server : {&silent, &slow}) {
    const auto before = std::chrono::steady_clock::now();
    const auto answer = asker.ask({.url = server->url(kKeyed)}, milliseconds{100});
    const auto took = std::chrono::steady_clock::now() - before;
    expect_error(answer, ErrorCode::ProviderTimeout, "in time");
    EXPECT_GE(took, milliseconds{100});
    EXPECT_LT(took, milliseconds{400});
  }
  EXPECT_EQ(asker.client().metrics().timeouts, 2U);
}

TEST(HttpClientFaults, WaitingForAFreeConnectionEndsInTimeToo) {
  const RawServer silent{[](RawPeer& peer) { peer.wait_for_end(); }};
  Asker asker{{.connections_per_host = 1}};
  auto first = asker.start({.url = silent.url()}, milliseconds{600});
  ASSERT_TRUE(comes_true([&] { return silent.accepted() == 1; }));
  const auto before = std::chrono::steady_clock::now();
  expect_error(asker.ask({.url = silent.url()}, milliseconds{60}), ErrorCode::ProviderTimeout);
  EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds{300});
  expect_error(first.get(), ErrorCode::ProviderTimeout);
  EXPECT_EQ(silent.accepted(), 1);
}

TEST(HttpClientFaults, WithoutTimeLeftNobodyIsAsked) {
  const RawServer server{always(answer_of("", "x"))};
  Asker asker;
  expect_error(asker.ask({.url = server.url()}, milliseconds{0}), ErrorCode::DeadlineExceeded);
  EXPECT_EQ(asker.client().metrics().requests, 0U);
}

TEST(HttpClientFaults, TooManyRequestsAreRefusedAtOnce) {
  const RawServer silent{[](RawPeer& peer) { peer.wait_for_end(); }};
  Asker asker{{.requests_max = 2}};
  auto first = asker.start({.url = silent.url()}, milliseconds{150});
  auto second = asker.start({.url = silent.url()}, milliseconds{150});
  auto third = asker.start({.url = silent.url()}, milliseconds{150});
  expect_error(third.get(), ErrorCode::RateLimited);
  expect_error(first.get(), ErrorCode::ProviderTimeout);
  expect_error(second.get(), ErrorCode::ProviderTimeout);
  expect_error(asker.ask({.url = silent.url()}, milliseconds{50}), ErrorCode::ProviderTimeout);
}

TEST(HttpClientFaults, CancelingTheCoroutineEndsTheTransfer) {
  const RawServer silent{[](RawPeer& peer) { peer.wait_for_end(); }};
  Asker asker;
  asio::cancellation_signal signal;
  auto answer = asio::co_spawn(
      asker.executor(),
      asker.client().send({.url = silent.url(kKeyed)}, asker.call(milliseconds{5000})),
      asio::bind_cancellation_slot(signal.slot(), asio::use_future));
  ASSERT_TRUE(comes_true([&] { return silent.accepted() == 1; }));
  asio::post(asker.executor(), [&] { signal.emit(asio::cancellation_type::terminal); });
  expect_error(answer.get(), ErrorCode::Canceled);
  EXPECT_TRUE(comes_true([&] { return silent.ended() == 1; })) << "the connection is closed";
  EXPECT_EQ(asker.client().metrics().under_way, 0U);
  EXPECT_EQ(asker.client().metrics().canceled, 1U);
}

TEST(HttpClientFaults, CancelingRacesWithAnswersWithoutHarm) {
  const RawServer server{always(answer_of("", "x"))};
  Asker asker;
  std::vector<std::unique_ptr<asio::cancellation_signal>> signals;
  std::vector<std::future<Answered>> answers;
  for (int i = 0; i < 300; ++i) {
    signals.push_back(std::make_unique<asio::cancellation_signal>());
    answers.push_back(
        asio::co_spawn(asker.executor(),
                       asker.client().send({.url = server.url()}, asker.call(milliseconds{5000})),
                       asio::bind_cancellation_slot(signals.back()->slot(), asio::use_future)));
    if (i % 3 == 0) continue;
    // Two of three are canceled: at once, or after a few others.
    auto* late = signals[static_cast<std::size_t>(i - i % 7)].get();
    asio::post(asker.executor(), [late] { late->emit(asio::cancellation_type::terminal); });
  }
  std::uint64_t good = 0;
  std::uint64_t canceled = 0;
  for (auto& answer : answers) {
    const Answered got = answer.get();
    if (got) {
      ++good;
    } else {
      ++canceled;
      EXPECT_EQ(got.error().code(), ErrorCode::Canceled) << got.error().detail();
    }
  }
  EXPECT_EQ(good + canceled, 300U);
  EXPECT_GT(good, 0U);
  EXPECT_EQ(asker.client().metrics().answers, good);
  EXPECT_EQ(asker.client().metrics().under_way, 0U);
  EXPECT_LE(server.accepted(), 300);
}

TEST(HttpClientFaults, TheClientMayGoWithRequestsUnderWay) {
  const RawServer silent{[](RawPeer& peer) { peer.wait_for_end(); }};
  Asker asker{{.connections_per_host = 2}};
  std::vector<std::future<Answered>> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(asker.start({.url = silent.url(kKeyed)}));
  ASSERT_TRUE(comes_true([&] { return silent.accepted() == 2; }));
  asker.end_client();
  for (auto& answer : answers) expect_error(answer.get(), ErrorCode::Canceled);
}

TEST(HttpClientFaults, InterimAnswersAndTrailersAreNotTheAnswersHeaders) {
  const auto answer = told(
      "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-A: 2\r\nX-B: 3\r\n\r\n");
  ASSERT_TRUE(answer.has_value()) << answer.error().detail();
  EXPECT_EQ(answer->body, "hi");
  EXPECT_EQ(answer->header("x-a"), "1");
  EXPECT_EQ(answer->header("link"), "");
  EXPECT_EQ(answer->header("x-b"), "");
}

TEST(HttpClientFaults, AConnectionThatDiedWhileIdleIsReplaced) {
  const RawServer server{[](RawPeer& peer) {
    if (!peer.read_request().empty()) peer.write(answer_of("", "once"));
  }};
  Asker asker;
  for (int i = 0; i < 5; ++i) {
    const auto answer = asker.get(server.url());
    ASSERT_TRUE(answer.has_value()) << answer.error().detail();
    EXPECT_EQ(answer->body, "once");
  }
  EXPECT_EQ(server.accepted(), 5);
}

TEST(HttpClientFaults, AfterABrokenConnectionOnlyAGetIsSentAgain) {
  const RawServer server{[](RawPeer& peer) {
    if (!peer.read_request().empty()) peer.write(answer_of("", "first"));
    (void)peer.read_request();  // and hang up
  }};
  Asker asker;
  EXPECT_TRUE(asker.get(server.url()).has_value());
  const auto again = asker.get(server.url());
  ASSERT_TRUE(again.has_value()) << again.error().detail();
  EXPECT_EQ(again->sends, 2);
  EXPECT_EQ(server.accepted(), 2);
  const auto posted = asker.ask({.method = Method::Post, .url = server.url(kKeyed), .body = "x"});
  expect_error(posted, ErrorCode::ProviderUnavailable, "broke");
  EXPECT_EQ(asker.client().metrics().sent_again, 1U);
}

}  // namespace
}  // namespace ziggy::net
