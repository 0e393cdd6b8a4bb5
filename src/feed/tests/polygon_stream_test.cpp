/// The Polygon stream against a vendor on loopback that behaves and misbehaves.
#include "ziggy/feed/polygon_stream.hpp"

#include <gtest/gtest.h>

#include "stream_vendor.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::feed {
namespace {

using namespace std::chrono_literals;
using net::Frame;
using testing::Running;
using testing::StreamVendor;
using Frames = StreamVendor::Frames;

Frame status(std::string_view status, std::string_view message) {
  return Frame::text(
      fmt::format(R"([{{"ev":"status","status":"{}","message":"{}"}}])", status, message));
}

/// One status for each channel of a request, as the vendor sends them; `granted` decides.
Frames answer_channels(const std::string& message,
                       const std::function<bool(std::string_view)>& granted) {
  const std::size_t begin = message.find("params\":\"") + 9;
  const std::string list = message.substr(begin, message.find('"', begin) - begin);
  Frames frames;
  for (const std::string_view channel : text::split_list(list)) {
    frames.push_back(granted(channel) ? status("success", fmt::format("subscribed to: {}", channel))
                                      : status("error", "not authorized"));
  }
  return frames;
}

Frames behave(const std::string& message) {
  if (message.contains(R"("action":"auth")")) return {status("auth_success", "authenticated")};
  if (message.contains(R"("action":"subscribe")")) {
    return answer_channels(message, [](std::string_view) { return true; });
  }
  return {};
}

StreamVendor::Script good_script() {
  return {.on_open = [](int) { return Frames{status("connected", "Connected Successfully")}; },
          .on_message = [](int, const std::string& message) { return behave(message); }};
}

PolygonStreamSettings settings_for(const StreamVendor& vendor) {
  PolygonStreamSettings settings;
  settings.url = vendor.url();
  settings.key = Secret{"key"};
  settings.timings = testing::quick_timings();
  settings.timings.settle_timeout = 20ms;
  settings.seed = 7;
  return settings;
}

Symbol symbol(std::string_view text) { return *Symbol::parse(text); }

TEST(PolygonStream, CarriesTicksOfSharesAndPairs) {
  StreamVendor vendor{good_script()};
  Running<PolygonStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("BRK.B"));
  ASSERT_TRUE(run.listener.lines.wait("polygon BRK.B subscribed")) << vendor.lines.text();
  EXPECT_EQ(vendor.lines.count("1 opens /stocks"), 1U);
  EXPECT_EQ(vendor.lines.count(R"(1 says {"action":"auth","params":"key"})"), 1U);
  EXPECT_EQ(vendor.lines.count(
                R"(1 says {"action":"subscribe","params":"T.BRK.B,Q.BRK.B,A.BRK.B,AM.BRK.B"})"),
            1U);
  run.stream.subscribe(symbol("BTC-USD"));
  ASSERT_TRUE(run.listener.lines.wait("polygon BTC-USD subscribed"));
  EXPECT_EQ(vendor.lines.count("2 opens /crypto"), 1U);
  vendor.push(Frame::text(R"([{"ev":"AM","sym":"BRK.B","v":10,"o":1,"c":2,"h":3,"l":0.5,
                               "s":1610144640000,"e":1610144700000},
                              {"ev":"T","sym":"BRK.B","p":2.5,"s":7,"t":1610144640000,"q":4},
                              {"ev":"XQ","pair":"BTC-USD","bp":1,"bs":2,"ap":3,"as":4,
                               "t":1610144640000}])"));
  EXPECT_TRUE(run.listener.lines.wait("bar BRK.B 1m closed 2021-01-08T22:24:00Z 1/3/0.5/2 10"));
  EXPECT_TRUE(run.listener.lines.wait("trade BRK.B 2021-01-08T22:24:00Z 2.5x7 #4"));
  EXPECT_TRUE(run.listener.lines.wait("quote BTC-USD 2021-01-08T22:24:00Z 1x2 3x4"));
  // Each socket was sent all three and takes what it has asked for.
  EXPECT_EQ(run.stream.counts().ticks, 3U);
  EXPECT_EQ(run.stream.counts().ignored, 3U);
  run.stream.unsubscribe(symbol("BRK.B"));
  run.stream.unsubscribe(symbol("BTC-USD"));
  EXPECT_TRUE(vendor.lines.wait("1 closed"));
  EXPECT_TRUE(vendor.lines.wait("2 closed"));
  EXPECT_TRUE(run.listener.lines.wait("polygon is idle"));
}

TEST(PolygonStream, TakesTheChannelsThatThePlanHas) {
  auto script = good_script();
  script.on_message = [](int, const std::string& message) -> Frames {
    if (!message.contains(R"("action":"subscribe")")) return behave(message);
    return answer_channels(message, [](std::string_view channel) {
      return channel.starts_with("AM.") && channel != "AM.DENIED";
    });
  };
  StreamVendor vendor{script};
  Running<PolygonStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("polygon AAPL subscribed")) << run.listener.lines.text();
  run.stream.subscribe(symbol("DENIED"));
  ASSERT_TRUE(run.listener.lines.wait("polygon DENIED not_entitled (error: not authorized)"))
      << run.listener.lines.text();
  EXPECT_EQ(run.listener.lines.count("polygon is refused"), 0U);
  run.stream.subscribe(symbol("MSFT"));
  EXPECT_TRUE(run.listener.lines.wait("polygon MSFT subscribed"));
}

TEST(PolygonStream, StopsWhenTheKeyOrThePlanIsRefused) {
  const auto check = [](std::string_view message, std::string_view expected) {
    auto script = good_script();
    script.on_message = [=](int, const std::string&) -> Frames {
      return {status("auth_failed", message)};
    };
    StreamVendor vendor{script};
    Running<PolygonStream> run{settings_for(vendor)};
    run.stream.subscribe(symbol("AAPL"));
    EXPECT_TRUE(run.listener.lines.wait("polygon is refused")) << run.listener.lines.text();
    EXPECT_TRUE(run.listener.lines.wait(fmt::format("polygon AAPL {}", expected)))
        << run.listener.lines.text();
    EXPECT_EQ(vendor.lines.count("2 opens"), 0U);
  };
  check("authentication failed", "credentials_rejected");
  check("Your plan doesn't include websocket access.", "not_entitled");
}

TEST(PolygonStream, ComesBackWhenTheVendorEndsTheConnection) {
  StreamVendor vendor{good_script()};
  Running<PolygonStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("polygon AAPL subscribed"));
  vendor.push(status("max_connections", "Maximum number of connections exceeded."));
  ASSERT_TRUE(run.listener.lines.wait("polygon is down: max_connections: Maximum number of"));
  ASSERT_TRUE(run.listener.lines.wait("polygon AAPL subscribed", 2));
  vendor.push(status("slow_consumer", "too slow"));
  ASSERT_TRUE(run.listener.lines.wait("polygon is down: slow_consumer: too slow"));
  EXPECT_TRUE(run.listener.lines.wait("polygon AAPL subscribed", 3));
}

TEST(PolygonStream, ReconnectsToAVendorThatDoesNotAnswerASubscription) {
  auto script = good_script();
  script.on_message = [](int connection, const std::string& message) -> Frames {
    if (connection == 1 && message.contains("subscribe")) return {};
    return behave(message);
  };
  StreamVendor vendor{script};
  PolygonStreamSettings settings = settings_for(vendor);
  settings.timings.subscribe_timeout = 30ms;
  Running<PolygonStream> run{settings};
  run.stream.subscribe(symbol("AAPL"));
  EXPECT_TRUE(run.listener.lines.wait("polygon is down: no answer to a subscription in time"))
      << run.listener.lines.text();
  EXPECT_TRUE(run.listener.lines.wait("polygon AAPL subscribed"));
}

TEST(PolygonStream, RefusedConnectionsWaitLongerEachTime) {
  auto script = good_script();
  script.status = [](int connection) { return connection <= 4 ? 503 : 101; };
  StreamVendor vendor{script};
  Running<PolygonStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("polygon AAPL subscribed")) << run.listener.lines.text();
  EXPECT_EQ(run.listener.lines.count("polygon is down"), 4U);
  EXPECT_EQ(run.listener.lines.count("polygon is connecting"), 5U);
}

}  // namespace
}  // namespace ziggy::feed
