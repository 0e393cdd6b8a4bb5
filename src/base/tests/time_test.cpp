#include "ziggy/base/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace ziggy {
namespace {

TEST(Time, ReadsTheFormsOfRfc3339) {
  const auto check = [](std::string_view text, std::string_view expected) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(to_rfc3339(*time), expected) << text;
  };
  check("2004-08-19", "2004-08-19T00:00:00Z");
  check("2004-08-19T13:30:00Z", "2004-08-19T13:30:00Z");
  check("2004-08-19 13:30:00.5+02:00", "2004-08-19T11:30:00.500Z");
  check("2004-12-31T23:59:59-05:00", "2005-01-01T04:59:59Z");
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const std::string_view text :
       {"", "2004", "2004-02-30", "2004-08-19T", "2004-08-19T25:00:00Z", "2004-08-19T13:30:00",
        "2004-08-19Tgarbage", "9999-01-01", "2004-08-19 "}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST(Time, WritingAndReadingAreInverse) {
  EXPECT_TRUE(rc::check([] {
    const auto nanos =
        *rc::gen::inRange<std::int64_t>(-2'000'000'000'000'000'000, 8'000'000'000'000'000'000);
    const Timestamp time{std::chrono::nanoseconds{nanos}};
    const auto back = parse_rfc3339(to_rfc3339(time));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == time);
  }));
}

}  // namespace
}  // namespace ziggy
