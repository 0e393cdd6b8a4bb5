/// What a guarded request may reach, and where credentials go when an answer points elsewhere.
#include "ziggy/net/address_guard.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <mutex>

#include "asker.hpp"
#include "raw_server.hpp"

namespace ziggy::net {
namespace {

using testing::always;
using testing::Asker;
using testing::RawPeer;
using testing::RawServer;

constexpr const char* kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

TEST(AddressGuard, KnowsWhatIsNotPublic) {
  for (const char* text : {
           "0.0.0.0",
           "0.1.2.3",
           "10.0.0.1",
           "10.255.255.255",
           "100.64.0.1",
           "100.127.255.255",
           "127.0.0.1",
           "127.255.255.255",
           "169.254.169.254",
           "169.254.0.1",
           "172.16.0.1",
           "172.31.255.255",
           "192.0.0.1",
           "192.0.2.7",
           "192.88.99.1",
           "192.168.0.1",
           "192.168.255.255",
           "198.18.0.1",
           "198.19.255.255",
           "198.51.100.1",
           "203.0.113.255",
           "224.0.0.1",
           "239.255.255.255",
           "240.0.0.1",
           "255.255.255.255",
           "::",
           "::1",
           "::127.0.0.1",
           "::8.8.8.8",
           "::ffff:127.0.0.1",
           "::ffff:10.1.2.3",
           "64:ff9b::7f00:1",
           "64:ff9b::a9fe:a9fe",
           "64:ff9b:1::1",
           "100::1",
           "2001::1",
           "2001:2::1",
           "2001:10::1",
           "2001:db8::1",
           "2002:7f00:1::",
           "2002:c0a8:101::1",
           "2002:a9fe:a9fe::1",
           "3fff::1",
           "4000::1",
           "5f00::1",
           "fc00::1",
           "fdff:ffff::1",
           "fe80::1",
           "febf::1",
           "fec0::1",
           "ff02::1",
           "ff0e::1",
       }) {
    EXPECT_FALSE(is_public_address(asio::ip::make_address(text))) << text;
  }
}

TEST(AddressGuard, KnowsWhatIsPublic) {
  for (const char* text : {
           "1.1.1.1",         "8.8.8.8",
           "9.255.255.255",   "11.0.0.0",
           "100.63.255.255",  "100.128.0.0",
           "126.255.255.255", "128.0.0.1",
           "169.253.255.255", "169.255.0.0",
           "172.15.255.255",  "172.32.0.0",
           "192.0.1.1",       "192.167.255.255",
           "192.169.0.0",     "198.17.255.255",
           "198.20.0.0",      "223.255.255.255",
           "::ffff:8.8.8.8",  "64:ff9b::808:808",
           "2001:200::1",     "2001:4860:4860::8888",
           "2002:808:808::1", "2606:4700::1111",
           "3ffe::1",
       }) {
    EXPECT_TRUE(is_public_address(asio::ip::make_address(text))) << text;
  }
}

ErrorCode code_of(const testing::Answered& answer) {
  return answer ? ErrorCode::Internal : answer.error().code();
}

TEST(AddressGuard, RefusesLoopbackByNameAndByNumber) {
  const RawServer server{always(kHello)};
  const std::string port = std::to_string(server.port());
  Asker asker;
  for (const char* host : {"127.0.0.1", "localhost", "LOCALHOST", "2130706433", "0x7f000001",
                           "0177.0.0.1", "127.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"}) {
    const auto answer = asker.ask({.url = "http://" + std::string{host} + ":" + port + "/",
                                   .guard = AddressGuard::PublicOnly});
    EXPECT_EQ(code_of(answer), ErrorCode::Forbidden) << host;
  }
  EXPECT_EQ(server.accepted(), 0) << "refused before anybody was connected to";
}

TEST(AddressGuard, UsesNoConnectionThatWasOpenedWithoutIt) {
  const RawServer server{always(kHello)};
  Asker asker;
  ASSERT_TRUE(asker.get(server.url()).has_value());
  EXPECT_EQ(code_of(asker.ask({.url = server.url(), .guard = AddressGuard::PublicOnly})),
            ErrorCode::Forbidden);
  EXPECT_TRUE(asker.get(server.url()).has_value());
  EXPECT_EQ(server.accepted(), 1);
}

TEST(AddressGuard, LetsTheOperatorExemptOneHostAndPort) {
  const RawServer exempt{always(kHello)};
  const RawServer other{always(kHello)};
  const RawServer pointing{
      always("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + other.url() + "\r\n\r\n")};
  const auto authority = [](const RawServer& server) {
    return "127.0.0.1:" + std::to_string(server.port());
  };
  Asker asker{{.guard_exemptions = {authority(exempt), authority(pointing)}}};
  const auto ask = [&](const RawServer& server) {
    return asker.ask(
        {.url = server.url(), .follow_redirects = true, .guard = AddressGuard::PublicOnly});
  };
  EXPECT_TRUE(ask(exempt).has_value());
  EXPECT_EQ(code_of(ask(other)), ErrorCode::Forbidden);
  // An exempt host cannot lead to one that is not.
  EXPECT_EQ(code_of(ask(pointing)), ErrorCode::Forbidden);
  EXPECT_EQ(pointing.accepted(), 1);
  EXPECT_EQ(other.accepted(), 0);
}

/// Keeps the requests that come.
struct Recorder {
  std::mutex mutex;
  std::vector<std::string> requests;

  RawServer::Script script(std::string answer) {
    return [this, answer = std::move(answer)](RawPeer& peer) {
      for (std::string request = peer.read_request(); !request.empty();
           request = peer.read_request()) {
        {
          const std::lock_guard lock{mutex};
          requests.push_back(std::move(request));
        }
        if (!peer.write(answer)) return;
      }
    };
  }
  std::string first() {
    const std::lock_guard lock{mutex};
    return requests.empty() ? std::string{} : requests.front();
  }
};

std::string redirect(int status, const std::string& to) {
  return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nContent-Length: 0\r\nLocation: " + to +
         "\r\n\r\n";
}

TEST(Redirects, CarryNoCredentialToAnotherOrigin) {
  Recorder there;
  const RawServer target{there.script(kHello)};
  const RawServer source{always(redirect(307, target.url("/there")))};
  Asker asker;
  const auto answer = asker.ask({.method = Method::Post,
                                 .url = source.url(),
                                 .headers = {{"Authorization", "Bearer hunter2"},
                                             {"APCA-API-SECRET-KEY", "hunter2"},
                                             {"Cookie", "hunter2"},
                                             {"Accept", "text/x"}},
                                 .body = "kept",
                                 .follow_redirects = true});
  ASSERT_TRUE(answer.has_value()) << answer.error().detail();
  const std::string seen = there.first();
  EXPECT_TRUE(seen.starts_with("POST /there HTTP/1.1\r\n")) << seen;
  EXPECT_TRUE(seen.ends_with("kept")) << seen;
  EXPECT_NE(seen.find("Accept: text/x"), std::string::npos);
  EXPECT_EQ(seen.find("hunter2"), std::string::npos) << seen;
}

TEST(Redirects, TurnAPostIntoAGetWhereBrowsersDo) {
  for (const int status : {301, 302, 303}) {
    Recorder there;
    const RawServer target{there.script(kHello)};
    const RawServer source{always(redirect(status, target.url("/there")))};
    Asker asker;
    const auto answer = asker.ask({.method = Method::Post,
                                   .url = source.url(),
                                   .headers = {{"Content-Type", "text/x"}},
                                   .body = "dropped",
                                   .follow_redirects = true});
    ASSERT_TRUE(answer.has_value()) << answer.error().detail();
    EXPECT_TRUE(there.first().starts_with("GET /there HTTP/1.1\r\n")) << there.first();
    EXPECT_EQ(there.first().find("dropped"), std::string::npos);
    EXPECT_EQ(there.first().find("Content-"), std::string::npos) << there.first();
  }
}

TEST(Proxies, ComeFromTheEnvironmentButNotForGuardedRequestsOrLoopback) {
  Recorder seen;
  const RawServer proxy{seen.script(kHello)};
  ASSERT_EQ(setenv("http_proxy", proxy.url().c_str(), 1), 0);
  {
    Asker asker;
    const auto answer = asker.get("http://vendor.invalid/path");
    ASSERT_TRUE(answer.has_value()) << answer.error().detail();
    EXPECT_TRUE(seen.first().starts_with("GET http://vendor.invalid/path HTTP/1.1\r\n"));
    EXPECT_EQ(
        code_of(asker.ask({.url = "http://vendor.invalid/", .guard = AddressGuard::PublicOnly})),
        ErrorCode::ProviderUnavailable);
    const RawServer local{always(kHello)};
    EXPECT_TRUE(asker.get(local.url()).has_value());
    EXPECT_EQ(local.accepted(), 1);
  }
  unsetenv("http_proxy");
  EXPECT_EQ(seen.requests.size(), 1U);
}

}  // namespace
}  // namespace ziggy::net
