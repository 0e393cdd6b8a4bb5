#pragma once

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <atomic>

#include <memory>
#include <string>

#include "raw_client.hpp"
#include "ziggy/standin/standin.hpp"

namespace ziggy::standin::testing {

inline constexpr std::string_view kPolygonKey = "Authorization: Bearer stand-in\r\n";
inline constexpr std::string_view kAlpacaKeys =
    "APCA-API-KEY-ID: stand-in\r\nAPCA-API-SECRET-KEY: stand-in\r\n";

/// A stand-in over the simulated market at a fixed moment, Wednesday 2024-06-12 15:00:30Z.
class StandInTest : public ::testing::Test {
 protected:
  void start(StandInSettings settings = {},
             feed::SimSessions sessions = feed::SimSessions::Always) {
    settings.has_control = true;
    settings.tick_every = std::chrono::milliseconds{20};
    tape_ = std::make_unique<SimTape>(feed::SimSettings{.sessions = sessions});
    stand_in_ = std::make_unique<StandIn>(loops_, clock_, *tape_, settings);
    const auto port = stand_in_->listen();
    ASSERT_TRUE(port.has_value()) << port.error().detail();
    port_ = *port;
    loops_.run();
  }
  void TearDown() override { stand_in_.reset(); }

  void fault(std::string_view steps) {
    const auto script = FaultScript::parse(fmt::format(R"({{"steps":[{}]}})", steps), "test");
    ASSERT_TRUE(script.has_value()) << script.error().detail();
    ASSERT_TRUE(stand_in_->run(*script).has_value());
  }
  [[nodiscard]] Reply get(std::string_view target, std::string_view headers = {},
                          std::chrono::milliseconds patience = std::chrono::seconds{5}) const {
    return RawClient{port_}.get(target, headers, patience);
  }

  /// The market stands still unless told; faults and time-outs live by the wall's steady time.
  class TestClock final : public Clock {
   public:
    [[nodiscard]] Timestamp now() const override {
      return Timestamp{std::chrono::nanoseconds{nanos_.load()}};
    }
    [[nodiscard]] Monotonic steady() const override { return std::chrono::steady_clock::now(); }
    void advance(std::chrono::nanoseconds by) { nanos_ += by.count(); }

   private:
    std::atomic<std::int64_t> nanos_{1'718'204'430'000'000'000};
  };

  TestClock clock_;
  net::Loops loops_{1};
  std::unique_ptr<SimTape> tape_;
  std::unique_ptr<StandIn> stand_in_;
  std::uint16_t port_ = 0;
};

}  // namespace ziggy::standin::testing
