#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <set>

#include "api_world.hpp"
#include "golden_file.hpp"
#include "schema_check.hpp"
#include "ziggy/net/websocket.hpp"

namespace ziggy::golden {
namespace {

namespace json = boost::json;

class ApiAnswers : public testing::Test {
 protected:
  static void SetUpTestSuite() { world_ = std::make_unique<World>(); }
  static void TearDownTestSuite() { world_.reset(); }

  static Answer get(std::string_view target, std::span<const net::Header> headers = {}) {
    return world_->get(target, headers);
  }
  static std::unique_ptr<World> world_;
};
std::unique_ptr<World> ApiAnswers::world_;

struct Row {
  std::string file;
  std::string target;
  int status = 200;
  std::string schema;
};

TEST_F(ApiAnswers, AreAsTheyWere) {
  const std::string market = "/api/v1/market/";
  const Row rows[] = {
      {"quote.json", market + "quotes/abc", 200, "Quote"},
      {"quote_unknown_figures.json", market + "quotes/BTC-USD", 200, "Quote"},
      {"quote_stale.json", market + "quotes/SPX", 200, "Quote"},
      {"quotes.json", market + "quotes?symbols=ABC,NOPE,DOWN,a%20b", 200, "Quotes"},
      {"bars.json", market + "bars/ABC?start=2024-05-20&end=2024-05-23", 200, "Bars"},
      {"bars_first_page.json", market + "bars/ABC?start=2024-05-20&limit=2", 200, "Bars"},
      {"bars_last.json", market + "bars/ABC?limit=2&adjustment=raw", 200, "Bars"},
      {"bars_stored.json", market + "bars/SPX", 200, "Bars"},
      {"bars.csv", market + "bars/ABC?start=2024-05-20&end=2024-05-23&format=csv", 200, ""},
      {"status.json", market + "status", 200, "MarketStatus"},
      {"calendar.json", market + "calendar?start=2024-11-25&end=2024-12-03", 200, "Calendar"},
      {"calendar_page.json", market + "calendar?start=2024-11-25&limit=2", 200, "Calendar"},
      {"symbols.json", market + "symbols", 200, "Symbols"},
      {"symbols_page.json", market + "symbols?limit=1", 200, "Symbols"},
      {"symbols_none.json", market + "symbols?query=zzz", 200, "Symbols"},
      {"corporate_actions.json", market + "corporate-actions/ABC", 200, "CorporateActions"},
      {"coverage.json", market + "coverage/SPX", 200, "Coverage"},
      {"strategies.json", "/api/v1/strategies", 200, "Strategies"},
      {"health.json", "/health", 200, "Health"},
      {"live.json", "/health/live", 200, "Probe"},
      {"ready.json", "/health/ready", 200, "Probe"},
      {"unknown_symbol.json", market + "quotes/NOPE", 404, "Problem"},
      {"provider_unavailable.json", market + "quotes/DOWN", 503, "Problem"},
      {"wrong_parameters.json", market + "bars/a%20b?limit=0&inteval=1h&format=xml&start=x", 422,
       "Problem"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.target);
    const Answer answer = get(row.target);
    EXPECT_EQ(answer.status, row.status);
    if (!row.schema.empty()) {
      EXPECT_EQ(check_schema(row.schema, json::parse(answer.body)), "") << answer.body;
      EXPECT_EQ(answer.content_type,
                row.status == 200 ? "application/json" : "application/problem+json");
    }
    expect_golden(row.file, answer.body);
  }
}

TEST_F(ApiAnswers, NeverShowAVendorsWords) {
  for (const char* target : {"/api/v1/market/quotes/DOWN", "/api/v1/market/quotes?symbols=DOWN",
                             "/api/v1/market/bars/DOWN", "/ws/market/DOWN"}) {
    EXPECT_EQ(get(target).body.find("hunter2"), std::string::npos) << target;
  }
}

TEST_F(ApiAnswers, ManyQuotesAreAllAnsweredInTheOrderAsked) {
  std::string target = "/api/v1/market/quotes?symbols=BTC-USD,SPX,ABC";
  for (int i = 0; i < 40; ++i) target += ",NONE" + std::to_string(i);
  const json::value body = json::parse(get(target).body);
  std::vector<std::string> found;
  for (const auto& [name, quote] : body.at("quotes").as_object()) found.emplace_back(name);
  EXPECT_THAT(found, testing::ElementsAre("BTC-USD", "SPX", "ABC"));
  EXPECT_EQ(body.at("errors").as_object().size(), 40U);
  for (const auto& [name, error] : body.at("errors").as_object()) {
    EXPECT_EQ(error.at("code").as_string(), "unknown_symbol") << name;
  }
}

struct WrongRow {
  std::string target;
  std::set<std::string> fields;
};

TEST_F(ApiAnswers, RefuseEveryWrongParameterByItsField) {
  const std::string market = "/api/v1/market/";
  const WrongRow rows[] = {
      {market + "quotes/a%20b", {"symbol"}},
      {market + "quotes/AAAAAAAAAAAAAAAAAAAAAAAA", {"symbol"}},
      {market + "quotes/ABC?fields=last", {"fields"}},
      {market + "quotes", {"symbols"}},
      {market + "quotes?symbols=", {"symbols"}},
      {market + "quotes?symbols=A&symbols=B", {"symbols"}},
      {market + "bars/ABC?interval=2d", {"interval"}},
      {market + "bars/ABC?limit=0", {"limit"}},
      {market + "bars/ABC?limit=50001", {"limit"}},
      {market + "bars/ABC?limit=1e3", {"limit"}},
      {market + "bars/ABC?start=yesterday", {"start"}},
      {market + "bars/ABC?end=2020-02-30", {"end"}},
      {market + "bars/ABC?start=2021-01-01&end=2020-01-01", {"end"}},
      {market + "bars/ABC?start=2021-01-01&end=2021-01-01", {"end"}},
      {market + "bars/ABC?adjustment=half", {"adjustment"}},
      {market + "bars/ABC?format=xml", {"format"}},
      {market + "bars/ABC?cursor=garbage", {"cursor"}},
      {market + "bars/ABC?cursor=b99x", {"cursor"}},
      {market + "bars/ABC?cursor=f1716163200000000000", {"cursor"}},
      {market + "bars/ABC?start=2024-05-20&cursor=b1716163200000000000", {"cursor"}},
      {market + "bars/ABC?start=2024-05-20&cursor=f0", {"cursor"}},
      {market + "bars/ABC?interval=x&limit=x&start=x&end=x&adjustment=x&format=x",
       {"interval", "limit", "start", "end", "adjustment", "format"}},
      {market + "status?x=1", {"x"}},
      {market + "calendar?start=x", {"start"}},
      {market + "calendar?start=1989-12-31", {"start"}},
      {market + "calendar?start=2024-01-01&end=2101-01-01", {"end"}},
      {market + "calendar?start=2024-01-02&end=2024-01-01", {"end"}},
      {market + "calendar?start=2024-01-02&cursor=d1", {"cursor"}},
      {market + "calendar?limit=1001", {"limit"}},
      {market + "symbols?cursor=a%20b", {"cursor"}},
      {market + "symbols?q=A", {"q"}},
      {market + "symbols?query=" + std::string(65, 'a'), {"query"}},
      {market + "corporate-actions/ABC?cursor=i3", {"cursor"}},
      {market + "coverage/SPX?cursor=x", {"cursor"}},
      {"/api/v1/strategies?cursor=i-1", {"cursor"}},
      {"/health?verbose=1", {"verbose"}},
      {"/health/live?x=1", {"x"}},
      {"/health/ready?x=1", {"x"}},
      {"/ws/market/a%20b", {"symbol"}},
  };
  for (const WrongRow& row : rows) {
    const Answer answer = get(row.target);
    ASSERT_EQ(answer.status, 422) << row.target << answer.body;
    std::set<std::string> fields;
    const json::value body = json::parse(answer.body);
    for (const json::value& error : body.at("errors").as_array()) {
      fields.emplace(error.at("field").as_string());
      EXPECT_FALSE(error.at("message").as_string().empty());
    }
    EXPECT_EQ(fields, row.fields) << row.target;
    EXPECT_EQ(body.at("code").as_string(), "validation_failed");
    EXPECT_EQ(check_schema("Problem", body), "");
  }
}

/// Follows `next_cursor` and joins the bars' times.
std::vector<std::vector<std::string>> pages_of(const std::function<Answer(std::string_view)>& ask,
                                               const std::string& target) {
  std::vector<std::vector<std::string>> pages;
  std::string cursor;
  do {
    const json::value body = json::parse(ask(target + cursor).body);
    pages.emplace_back();
    for (const json::value& bar : body.at("bars").as_array()) {
      pages.back().emplace_back(bar.at("t").as_string().subview(0, 10));
    }
    const json::value& next = body.at("next_cursor");
    cursor = next.is_null() ? "" : "&cursor=" + std::string{next.as_string()};
  } while (!cursor.empty() && pages.size() < 20);
  return pages;
}

TEST_F(ApiAnswers, PagesOfBarsJoinWithoutSeam) {
  const auto ask = [](std::string_view target) { return get(target); };
  const auto forward =
      pages_of(ask, "/api/v1/market/bars/ABC?start=2024-05-20&end=2024-05-25&limit=2");
  EXPECT_THAT(forward, testing::ElementsAre(testing::ElementsAre("2024-05-20", "2024-05-21"),
                                            testing::ElementsAre("2024-05-22", "2024-05-23"),
                                            testing::ElementsAre("2024-05-24")));
  const auto backward = pages_of(ask, "/api/v1/market/bars/SPX?limit=2");
  EXPECT_THAT(backward, testing::ElementsAre(testing::ElementsAre("2020-04-16", "2020-04-17"),
                                             testing::ElementsAre("2020-04-15")));
}

TEST_F(ApiAnswers, BarsKeepTheirTagAndLoseItWhenTheyChange) {
  const std::string target = "/api/v1/market/bars/SPX?start=2020-04-15&end=2020-04-17";
  const Answer first = get(target);
  EXPECT_FALSE(first.etag.empty());
  EXPECT_EQ(get(target).etag, first.etag);
  EXPECT_NE(get(target + "&format=csv").etag, first.etag);
  EXPECT_NE(get("/api/v1/market/bars/SPX?start=2020-04-15&end=2020-04-16").etag, first.etag);
}

TEST_F(ApiAnswers, CsvSaysItsSourceInHeaders) {
  const Answer answer = get("/api/v1/market/bars/SPX?format=csv&limit=1&start=2020-04-15");
  EXPECT_EQ(answer.content_type, "text/csv; charset=utf-8");
  std::map<std::string, std::string> headers;
  for (const auto& header : answer.headers) headers.emplace(header.name, header.value);
  EXPECT_EQ(headers["X-Provider"], "import");
  EXPECT_EQ(headers["X-Stale"], "true");
  EXPECT_TRUE(headers["X-Next-Cursor"].starts_with('f'));
}

TEST_F(ApiAnswers, TheStreamOpensOnlyForSymbolsWithAQuote) {
  EXPECT_TRUE(get("/ws/market/ABC").is_upgrade);
  EXPECT_EQ(get("/ws/market/NOPE").status, 404);
  EXPECT_EQ(get("/ws/market/DOWN").status, 503);
}

TEST_F(ApiAnswers, MetricsAreForDirectCallersOnly) {
  const Answer direct = get("/metrics");
  EXPECT_EQ(direct.status, 200);
  EXPECT_THAT(direct.body, testing::HasSubstr("# TYPE process_resident_memory_bytes gauge"));
  EXPECT_THAT(direct.body, testing::HasSubstr("ziggy_health_check_status{check=\"storage\"} 0\n"));
  for (const char* name : {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"}) {
    const net::Header header{name, "10.0.0.1"};
    EXPECT_EQ(get("/metrics", {&header, 1}).status, 403) << name;
  }
}

TEST_F(ApiAnswers, TheReferenceDescribesEveryRouteAndNothingElse) {
  const Answer answer = get("/openapi.json");
  const json::value document = json::parse(answer.body);
  EXPECT_EQ(document.at("openapi").as_string(), "3.1.0");
  EXPECT_EQ(document.at("info").at("version").as_string(), "1.2.3");
  std::set<std::string> described;
  std::set<std::string> operations;
  for (const auto& [path, methods] : document.at("paths").as_object()) {
    described.emplace(path);
    for (const auto& [method, operation] : methods.as_object()) {
      EXPECT_TRUE(operations.emplace(operation.at("operationId").as_string()).second);
    }
  }
  std::set<std::string> served;
  for (const api::RouteSpec& route : world_->api().routes()) {
    if (!route.is_page) served.insert(route.path);
  }
  EXPECT_EQ(described, served);
  EXPECT_EQ(json::parse(api::openapi_document("1.2.3")), document);

  const Answer page = get("/docs");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  for (const std::string& path : served) EXPECT_THAT(page.body, testing::HasSubstr(path));
  EXPECT_EQ(page.body.find("<script"), std::string::npos);
  EXPECT_EQ(page.body.find("style=\""), std::string::npos);
}

TEST_F(ApiAnswers, EveryReferenceInTheDocumentLeadsSomewhere) {
  const std::string text = get("/openapi.json").body;
  const json::value document = json::parse(text);
  const auto& schemas = document.at("components").at("schemas").as_object();
  constexpr std::string_view kPrefix = "\"#/components/schemas/";
  for (std::size_t at = text.find(kPrefix); at != std::string::npos;
       at = text.find(kPrefix, at + 1)) {
    const std::size_t begin = at + kPrefix.size();
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_TRUE(schemas.contains(name)) << name;
  }
}

TEST_F(ApiAnswers, WithoutABuiltPageTheRootSaysHowToBuildIt) {
  const Answer answer = get("/?symbol=ABC");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, testing::HasSubstr("./dev build"));
}

}  // namespace
}  // namespace ziggy::golden
