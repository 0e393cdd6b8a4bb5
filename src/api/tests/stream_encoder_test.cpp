#include "ziggy/api/stream_encoder.hpp"

#include <gtest/gtest.h>

namespace ziggy::api {
namespace {

const Symbol kApple = *Symbol::parse("AAPL");
const Timestamp kMinute = *parse_rfc3339("2026-11-20T18:30:00Z");
const Timestamp kNow = kMinute + std::chrono::milliseconds{60'250};

std::string text_of(const streams::Envelope& envelope, const auto& message) {
  std::string out;
  StreamEncoder{}.encode(out, envelope, message);
  return out;
}

TEST(StreamEncoder, ATradeSaysPriceSizeAndWhen) {
  const streams::TradeMessage message{{kApple, kMinute, 98.3, 0.5, 7}, "alpaca"};
  EXPECT_EQ(text_of({.ts = kNow, .seq = 5, .skipped = 2}, message),
            R"({"type":"trade","channel":"market","ts":"2026-11-20T18:31:00.250Z","seq":5,)"
            R"("skipped":2,"symbol":"AAPL","price":98.3,"size":0.5,)"
            R"("as_of":"2026-11-20T18:30:00Z","provider":"alpaca"})");
}

TEST(StreamEncoder, ABarSaysItsPhaseUnlessItIsClosed) {
  streams::BarMessage message{kApple,
                              Interval::Minute,
                              {kMinute, 98, 98.5, 97.75, 98.25, 1200},
                              BarPhase::Closed,
                              "polygon"};
  const auto expect = [](std::string_view phase) {
    return fmt::format(
        R"({{"type":"bar","channel":"market","ts":"2026-11-20T18:31:00.250Z","seq":6,)"
        R"("symbol":"AAPL","interval":"1m","t":"2026-11-20T18:30:00Z","o":98,"h":98.5,)"
        R"("l":97.75,"c":98.25,"v":1200,{}"provider":"polygon"}})",
        phase);
  };
  const streams::Envelope envelope{.ts = kNow, .seq = 6};
  EXPECT_EQ(text_of(envelope, message), expect(""));
  message.phase = BarPhase::Running;
  EXPECT_EQ(text_of(envelope, message), expect(R"("phase":"running",)"));
  message.phase = BarPhase::Corrected;
  EXPECT_EQ(text_of(envelope, message), expect(R"("phase":"corrected",)"));
}

TEST(StreamEncoder, AGapHasNoNumber) {
  const streams::GapMessage message{kApple, kMinute, kMinute + std::chrono::minutes{3}, true};
  EXPECT_EQ(text_of({.ts = kNow, .seq = 9}, message),
            R"({"type":"gap","channel":"market","ts":"2026-11-20T18:31:00.250Z",)"
            R"("symbol":"AAPL","from":"2026-11-20T18:30:00Z","to":"2026-11-20T18:33:00Z",)"
            R"("healed":true})");
}

}  // namespace
}  // namespace ziggy::api
