#include "ziggy/api/params.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ziggy::api {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

const std::vector<ParamSpec> kSpecs = {
    {.name = "symbol", .kind = ParamKind::Symbol, .in_path = true, .required = true},
    {.name = "interval", .kind = ParamKind::Interval},
    {.name = "start", .kind = ParamKind::Time},
    {.name = "limit", .kind = ParamKind::Integer, .min = 1, .max = 50'000},
    {.name = "format", .kind = ParamKind::Choice, .choices = {"json", "csv"}},
    {.name = "symbols", .kind = ParamKind::SymbolList, .max = 3},
    {.name = "cursor", .kind = ParamKind::Text, .max = 5},
};

Result<Params> read(std::string_view query, std::string_view symbol = "AAPL") {
  net::Request request;
  request.query = query;
  request.params.add("symbol", symbol);
  return Params::read(kSpecs, request);
}

TEST(Params, AreReadByKind) {
  const auto params = read(
      "interval=1mo&start=2020-01-02&limit=7&format=csv&symbols=aapl,B%20B,AAPL&cursor=f1", "spx");
  ASSERT_TRUE(params);
  EXPECT_EQ(params->symbol("symbol")->view(), "SPX");
  EXPECT_EQ(params->interval("interval"), Interval::Month);
  EXPECT_EQ(to_rfc3339(*params->time("start")), "2020-01-02T00:00:00Z");
  EXPECT_EQ(params->integer("limit"), 7);
  EXPECT_EQ(params->text("format"), "csv");
  EXPECT_EQ(params->text("cursor"), "f1");
  const auto listed = params->symbols("symbols");
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].text, "AAPL");
  EXPECT_TRUE(listed[0].symbol);
  EXPECT_EQ(listed[1].text, "B B");
  EXPECT_FALSE(listed[1].symbol);
}

TEST(Params, ThatAreAbsentAreNothing) {
  const auto params = read("");
  ASSERT_TRUE(params);
  EXPECT_FALSE(params->interval("interval"));
  EXPECT_FALSE(params->time("start"));
  EXPECT_FALSE(params->integer("limit"));
  EXPECT_TRUE(params->symbols("symbols").empty());
}

TEST(Params, EveryWrongOneIsRefusedByFieldAndCode) {
  struct Row {
    std::string_view query;
    std::string_view field;
    std::string_view code;
    std::string_view said;
  };
  const Row rows[] = {
      {"interval=2d", "interval", "invalid", "1mo"},
      {"interval=", "interval", "invalid", ""},
      {"start=yesterday", "start", "invalid", "yesterday"},
      {"start=2020-13-01", "start", "invalid", "2020-13-01"},
      {"start=", "start", "invalid", ""},
      {"limit=0", "limit", "invalid", "from 1 to 50000, not '0'"},
      {"limit=-1", "limit", "invalid", "'-1'"},
      {"limit=50001", "limit", "invalid", "50000"},
      {"limit=ten", "limit", "invalid", "'ten'"},
      {"limit=1.5", "limit", "invalid", "'1.5'"},
      {"limit=99999999999999999999", "limit", "invalid", "50000"},
      {"limit=%201", "limit", "invalid", "' 1'"},
      {"format=xml", "format", "invalid", "json, csv, not 'xml'"},
      {"format=JSON", "format", "invalid", "'JSON'"},
      {"symbols=", "symbols", "invalid", "no symbol"},
      {"symbols=,,", "symbols", "invalid", "no symbol"},
      {"symbols=A,B,C,D", "symbols", "invalid", "at most 3"},
      {"cursor=abcdef", "cursor", "invalid", "at most 5"},
      {"cursor=a%0Ab", "cursor", "invalid", "control"},
      {"limit=1&limit=2", "limit", "repeated", "more than once"},
      {"limits=1", "limits", "unknown", "did you mean 'limit'"},
      {"api_key=x", "api_key", "unknown", "this route has interval, start"},
  };
  for (const Row& row : rows) {
    const auto params = read(row.query);
    ASSERT_FALSE(params) << row.query;
    EXPECT_EQ(params.error().code(), ErrorCode::ValidationFailed);
    EXPECT_THAT(params.error().fields(),
                ElementsAre(AllOf(Field(&FieldError::field, std::string{row.field}),
                                  Field(&FieldError::code, std::string{row.code}),
                                  Field(&FieldError::message, HasSubstr(std::string{row.said})))))
        << row.query;
  }
}

TEST(Params, AllWrongOnesAreNamedAtOnce) {
  const auto params = read("limit=0&interval=2d&nope=1", "A B");
  ASSERT_FALSE(params);
  EXPECT_THAT(
      params.error().fields(),
      ElementsAre(Field(&FieldError::field, "symbol"), Field(&FieldError::field, "interval"),
                  Field(&FieldError::field, "limit"), Field(&FieldError::field, "nope")));
  EXPECT_EQ(params.error().detail(), "4 fields are wrong: symbol, interval, limit, nope");
}

TEST(Params, AQueryThatCannotBeDecodedIsMalformed) {
  for (const std::string_view query : {"limit=%zz", "limit=%f", "a=%FF"}) {
    const auto params = read(query);
    ASSERT_FALSE(params) << query;
    EXPECT_EQ(params.error().code(), ErrorCode::MalformedRequest) << query;
  }
}

TEST(Params, ARequiredOneThatIsMissingIsNamed) {
  const std::vector<ParamSpec> specs = {
      {.name = "symbols", .kind = ParamKind::SymbolList, .required = true, .max = 3}};
  const auto params = Params::read(specs, net::Request{});
  ASSERT_FALSE(params);
  EXPECT_THAT(params.error().fields(), ElementsAre(Field(&FieldError::code, "missing")));
}

}  // namespace
}  // namespace ziggy::api
