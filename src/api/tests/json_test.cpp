#include "ziggy/api/json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace ziggy::api {
namespace {

std::string number(double value) {
  char buffer[kNumberSize];
  return {buffer, write_number(buffer, value)};
}

double read_back(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TEST(Number, IsWrittenWithoutExponentWherePeopleReadIt) {
  const std::pair<double, std::string_view> rows[] = {
      {0, "0"},
      {98, "98"},
      {-98, "-98"},
      {98.5, "98.5"},
      {0.1, "0.1"},
      {1455.219971, "1455.219971"},
      {100000, "100000"},
      {931800000, "931800000"},
      {0.0001, "0.0001"},
      {0.00001, "0.00001"},
      {1.05, "1.05"},
      {1.005, "1.005"},
      {1.0005, "1.0005"},
      {-0.0625, "-0.0625"},
      {1e15, "1000000000000000"},
      {99999999999.9999, "99999999999.9999"},
      {123456789012345.6, "123456789012345.6"},
      {0.30000000000000004, "0.30000000000000004"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1e-8, "1e-08"},
      {std::numeric_limits<double>::denorm_min(), "5e-324"},
      {std::numeric_limits<double>::quiet_NaN(), "null"},
      {-std::numeric_limits<double>::infinity(), "null"},
  };
  for (const auto& [value, text] : rows) EXPECT_EQ(number(value), text);
}

RC_GTEST_PROP(NumberProperty, ReadsBackToTheSameDouble, (double value)) {
  RC_ASSERT(read_back(number(value)) == value);
}

RC_GTEST_PROP(NumberProperty, APriceIsAsShortAsToCharsMakesIt, (std::int32_t scaled)) {
  const auto decimals = *rc::gen::inRange(0, 7);
  const double value = static_cast<double>(scaled) / std::pow(10.0, decimals);
  char buffer[64];
  const std::string shortest{
      buffer, std::to_chars(buffer, buffer + 64, value, std::chars_format::fixed).ptr};
  RC_ASSERT(number(value) == shortest);
}

RC_GTEST_PROP(NumberProperty, IntegersAreWrittenAsTheyAre, (std::int64_t value)) {
  char buffer[kNumberSize];
  RC_ASSERT((std::string{buffer, write_number(buffer, value)}) == std::to_string(value));
}

TEST(JsonOut, PutsCommasByItself) {
  std::string text;
  JsonOut{text}
      .begin_object()
      .field("a", 1)
      .key("b")
      .begin_array()
      .value("x{")
      .value(true)
      .null()
      .begin_object()
      .end_object()
      .end_array()
      .field("c", std::optional<double>{})
      .field("d", std::optional<double>{1.5})
      .field("e", Timestamp{std::chrono::seconds{1}})
      .end_object();
  EXPECT_EQ(text, R"({"a":1,"b":["x{",true,null,{}],"c":null,"d":1.5,"e":"1970-01-01T00:00:01Z"})");
}

TEST(JsonOut, EscapesWhatAStringCannotHold) {
  std::string text;
  JsonOut{text}.value("a\"b\\c\n\x01\xff");
  EXPECT_EQ(text, "\"a\\\"b\\\\c\\n\\u0001\\ufffd\"");
}

BarColumns two_bars() {
  BarColumns bars;
  bars.push_back({Timestamp{std::chrono::seconds{86'399}}, 1, 2.5, 0.5, 2, 100});
  bars.push_back({Timestamp{std::chrono::nanoseconds{86'400'500'000'000}}, 2, 3, 1, 2.25, 0});
  return bars;
}

TEST(Bars, AreWrittenRowByRow) {
  std::string text = "x";
  append_bars(text, two_bars());
  EXPECT_EQ(text, R"(x[{"t":"1970-01-01T23:59:59Z","o":1,"h":2.5,"l":0.5,"c":2,"v":100},)"
                  R"({"t":"1970-01-02T00:00:00.500Z","o":2,"h":3,"l":1,"c":2.25,"v":0}])");
  text.clear();
  append_bars(text, {});
  EXPECT_EQ(text, "[]");
}

TEST(Bars, AreWrittenAsCsvWithAHeader) {
  std::string text;
  append_bars_csv(text, two_bars());
  EXPECT_EQ(text,
            "t,o,h,l,c,v\n1970-01-01T23:59:59Z,1,2.5,0.5,2,100\n"
            "1970-01-02T00:00:00.500Z,2,3,1,2.25,0\n");
}

TEST(Bars, BeforeTheEpochHaveTheRightDate) {
  BarColumns bars;
  bars.push_back({Timestamp{std::chrono::seconds{-1}}, 1, 1, 1, 1, 1});
  bars.push_back({Timestamp{std::chrono::seconds{-86'400}}, 1, 1, 1, 1, 1});
  std::string text;
  append_bars_csv(text, bars);
  EXPECT_EQ(text, "t,o,h,l,c,v\n1969-12-31T23:59:59Z,1,1,1,1,1\n1969-12-31T00:00:00Z,1,1,1,1,1\n");
}

}  // namespace
}  // namespace ziggy::api
