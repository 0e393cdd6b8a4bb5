#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cmath>

#include "api_world.hpp"
#include "golden_file.hpp"
#include "schema_check.hpp"

namespace ziggy::golden {
namespace {

namespace json = boost::json;
using net::Method;

const std::string kPin = "/api/v1/providers/bars/pin";
const std::string kBreakers = "/api/v1/circuit-breakers/";

/// 2024-06-03T14:00:00Z and so many minutes.
Timestamp at(int minute) {
  return *parse_rfc3339("2024-06-03T14:00:00Z") + std::chrono::minutes{minute};
}

std::string id(int number) {
  return "0190a000-0000-7000-8000-00000000000" + std::to_string(number);
}

class ProviderAnswers : public testing::Test {
 protected:
  /// Holds the answer to its schema and to its file.
  void expect(const std::string& file, const Answer& answer, int status,
              const std::string& schema) {
    SCOPED_TRACE(file);
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(check_schema(schema, json::parse(answer.body)), "") << answer.body;
    EXPECT_EQ(answer.content_type, status == 200 ? "application/json" : "application/problem+json");
    expect_golden(file, answer.body);
  }

  void expect_problem(const Answer& answer, int status, std::string_view code) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const json::value body = json::parse(answer.body);
    EXPECT_EQ(body.at("code").as_string(), code) << answer.body;
    EXPECT_EQ(check_schema("Problem", body), "") << answer.body;
  }

  void expect_wrong_field(const Answer& answer, std::string_view field) {
    expect_problem(answer, 422, "validation_failed");
    const json::value body = json::parse(answer.body);
    EXPECT_EQ(body.at("errors").at(0).at("field").as_string(), field) << answer.body;
  }

  /// Ten good calls and two time-outs, a violation, comparisons and holes.
  void measure() {
    using routing::AnswerClass;
    constexpr auto kBars = routing::Operation::Bars;
    for (int i = 0; i < 10; ++i) {
      world_.desk().note_answer("vendor", kBars, AnswerClass::Success,
                                std::chrono::microseconds{12'345 + 1'000 * i},
                                std::chrono::milliseconds{1'500});
    }
    for (int i = 0; i < 2; ++i) {
      world_.desk().note_answer("vendor", kBars, AnswerClass::Timeout, std::chrono::seconds{1});
    }
    world_.desk().note_violation("vendor", kBars);
    for (const bool agrees : {true, true, false}) {
      world_.desk().note_agreement("vendor", kBars, agrees);
    }
    world_.desk().note_gap("vendor", kBars, 390, 7);
    world_.desk().tick();
  }

  World world_;
};

TEST_F(ProviderAnswers, ShowEveryVendorWithoutInventingFigures) {
  expect("providers_idle.json", world_.get("/api/v1/providers"), 200, "Providers");
  expect("provider_not_configured.json", world_.get("/api/v1/providers/keyless"), 200, "Provider");
  measure();
  expect("provider_measured.json", world_.get("/api/v1/providers/vendor"), 200, "Provider");
  expect_problem(world_.get("/api/v1/providers/nobody"), 404, "not_found");
  expect_problem(world_.get("/api/v1/providers/nobody/history"), 404, "not_found");
  expect_wrong_field(world_.get("/api/v1/providers?window=1m"), "window");
  expect_wrong_field(world_.get("/api/v1/providers/vendor?x=1"), "x");
  expect_wrong_field(world_.get("/api/v1/providers/" + std::string(65, 'a')), "name");
}

TEST_F(ProviderAnswers, FiguresHaveNoMoreDigitsThanTheyMean) {
  measure();
  const json::value body = json::parse(world_.get("/api/v1/providers/vendor").body);
  const json::value& window = body.at("operations").at("bars").at("windows").at("5m");
  for (const char* name : {"p50_ms", "p95_ms", "p99_ms", "freshness_ms"}) {
    const double figure = window.at(name).to_number<double>();
    EXPECT_GT(figure, 1) << name;
    EXPECT_NEAR(figure * 1e3, std::round(figure * 1e3), 1e-6) << name << ' ' << figure;
  }
  EXPECT_EQ(window.at("success_rate").to_number<double>(), 0.833333);
  EXPECT_EQ(window.at("agreement").to_number<double>(), 0.666667);
  EXPECT_EQ(window.at("gap_rate").to_number<double>(), 0.017949);
}

TEST_F(ProviderAnswers, HistoryIsTheStoredMinutes) {
  const std::string history = "/api/v1/providers/vendor/history";
  std::vector<store::ProviderSample> samples;
  for (int minute = 0; minute < 3; ++minute) {
    samples.push_back({.provider = "vendor",
                       .operation = "bars",
                       .minute = at(minute),
                       .calls = 60,
                       .failures = minute,
                       .p50_ms = 12.3456789,
                       .p95_ms = 40,
                       .p99_ms = 41.5,
                       .freshness_ms = minute == 0 ? std::nullopt : std::optional{900.12345},
                       .outcomes = "success:58,timeout:2",
                       .latency = {}});
  }
  ASSERT_TRUE(world_.database().samples().write(samples));
  expect("provider_history.json", world_.get(history + "?start=2024-06-03"), 200,
         "ProviderHistory");
  expect("provider_history_page.json", world_.get(history + "?limit=1&cursor=i1"), 200,
         "ProviderHistory");
  const auto minutes = [&](const std::string& query) {
    const json::value body = json::parse(world_.get(history + query).body);
    return body.at("items").as_array().size();
  };
  EXPECT_EQ(minutes("?start=2024-06-03T14:01:00Z&end=2024-06-03T14:02:00Z"), 1U);
  EXPECT_EQ(minutes("?end=2024-06-03T14:00:00Z"), 0U);
  EXPECT_EQ(minutes("?start=2024-06-04"), 0U);
  expect_wrong_field(world_.get(history + "?cursor=x"), "cursor");
  expect_wrong_field(world_.get(history + "?cursor=i9"), "cursor");
  expect_wrong_field(world_.get(history + "?limit=0"), "limit");
  expect_wrong_field(world_.get(history + "?start=yesterday"), "start");
  expect_wrong_field(world_.get(history + "?start=2024-06-03&end=2024-06-03"), "end");
}

TEST_F(ProviderAnswers, IncidentsComeByPagesTheNewestFirst) {
  for (int number = 1; number <= 3; ++number) {
    const store::Incident incident{
        .id = id(number),
        .provider = "vendor",
        .operation = "bars",
        .kind = "breaker_open",
        .severity =
            number == 1 ? store::Incident::Severity::Warning : store::Incident::Severity::Critical,
        .opened_at = at(number),
        .closed_at = {},
        .reason = "5 failures in a row, ?apiKey=hunter2",
        .closing = {},
    };
    ASSERT_TRUE(world_.database().incidents().open(incident));
    if (number == 3) break;
    ASSERT_TRUE(world_.database().incidents().close(incident.id, at(number + 10), "answers again"));
  }
  const Answer all = world_.get("/api/v1/incidents");
  expect("incidents.json", all, 200, "Incidents");
  EXPECT_EQ(all.body.find("hunter2"), std::string::npos);
  expect("incidents_page.json", world_.get("/api/v1/incidents?limit=1&cursor=" + id(3)), 200,
         "Incidents");
  expect_wrong_field(world_.get("/api/v1/incidents?cursor=garbage"), "cursor");
  expect_wrong_field(world_.get("/api/v1/incidents?cursor=" + std::string(36, '0')), "cursor");
  expect_wrong_field(world_.get("/api/v1/incidents?limit=1001"), "limit");
}

TEST_F(ProviderAnswers, QuarantineShowsWhatWasRefused) {
  const Symbol symbol = *Symbol::parse("ABC");
  const store::Quarantined rows[] = {
      {id(1), at(1), "vendor", "quotes", symbol, std::nullopt, "crossed", 1, "bid 3 is above ask 2",
       "bid=3 ask=2", "golden"},
      {id(2), at(2), "vendor", "bars", symbol, Interval::Day, "price_not_positive", 4,
       "close -1 is not above 0", "t=2024-06-03 c=-1", "golden"},
  };
  ASSERT_TRUE(world_.database().quality().quarantine(rows));
  expect("quarantine.json", world_.get("/api/v1/admin/quarantine"), 200, "Quarantine");
  expect("quarantine_page.json", world_.get("/api/v1/admin/quarantine?limit=1"), 200, "Quarantine");
  expect_wrong_field(world_.get("/api/v1/admin/quarantine?cursor=x"), "cursor");
}

TEST_F(ProviderAnswers, PinsLastUntilTheyAreTaken) {
  const std::string body = R"({"provider":"vendor"})";
  expect("pin.json", world_.send(Method::Put, kPin, body), 200, "Pin");
  expect("provider_pinned.json", world_.get("/api/v1/providers/vendor"), 200, "Provider");
  EXPECT_EQ(world_.send(Method::Put, kPin, body).status, 200) << "the same again";
  const Answer gone = world_.send(Method::Delete, kPin);
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.body, "");
  expect_problem(world_.send(Method::Delete, kPin), 404, "not_found");
}

TEST_F(ProviderAnswers, PinsAreRefusedByTheRightRule) {
  const std::string good = R"({"provider":"vendor"})";
  expect_problem(world_.send(Method::Put, "/api/v1/providers/candles/pin", good), 404, "not_found");
  expect_problem(world_.send(Method::Delete, "/api/v1/providers/candles/pin"), 404, "not_found");
  expect("pin_unknown_provider.json", world_.send(Method::Put, kPin, R"({"provider":"nobody"})"),
         422, "Problem");
  expect("pin_not_configured.json",
         world_.send(Method::Put, "/api/v1/providers/news/pin", R"({"provider":"keyless"})"), 422,
         "Problem");
  for (const char* wrong :
       {R"({})", R"({"provider":7})", R"({"provider":""})", R"({"provider":null})"}) {
    expect_wrong_field(world_.send(Method::Put, kPin, wrong), "provider");
  }
  expect_wrong_field(
      world_.send(Method::Put, kPin, R"({"provider":")" + std::string(65, 'a') + R"("})"),
      "provider");
  expect_wrong_field(world_.send(Method::Put, kPin, R"({"provider":"vendor","for":"1h"})"), "for");
  for (const char* broken :
       {"{", "[]", "7", "\"vendor\"", R"({"provider":"vendor"} x)", "{\"provider\":\"\xff\"}"}) {
    expect_problem(world_.send(Method::Put, kPin, broken), 400, "malformed_request");
  }
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  expect_problem(world_.send(Method::Put, kPin, R"({"provider":)" + deep + "}"), 400,
                 "malformed_request");
  expect_problem(world_.send(Method::Put, kPin, good, "text/plain"), 415, "unsupported_media_type");
  expect_problem(world_.send(Method::Put, kPin, good, ""), 415, "unsupported_media_type");
  expect_problem(world_.send(Method::Put, kPin, ""), 415, "unsupported_media_type");
  EXPECT_EQ(world_.send(Method::Put, kPin, good, "Application/JSON; charset=utf-8").status, 200);
}

TEST_F(ProviderAnswers, BreakersAreHeldAndLetGo) {
  expect("breakers.json", world_.get("/api/v1/circuit-breakers"), 200, "Breakers");
  const std::string breaker = kBreakers + "vendor.bars/";
  expect("breaker_opened.json", world_.send(Method::Post, breaker + "open"), 200, "Breaker");
  EXPECT_EQ(world_.get("/api/v1/market/bars/ABC?limit=2").status, 503) << "nobody may be asked";
  expect("breaker_closed.json", world_.send(Method::Post, breaker + "close"), 200, "Breaker");
  EXPECT_EQ(world_.get("/api/v1/market/bars/ABC?limit=2").status, 200);
  expect("breaker_reset.json", world_.send(Method::Post, breaker + "reset"), 200, "Breaker");
  for (const char* verb : {"open", "close", "reset"}) {
    expect_problem(world_.send(Method::Post, kBreakers + "nobody.bars/" + verb), 404, "not_found");
  }
  expect_problem(world_.send(Method::Post, breaker + "explode"), 404, "not_found");
  expect_wrong_field(world_.send(Method::Post, breaker + "open?for=1h"), "for");
}

TEST_F(ProviderAnswers, ABreakerThatOpensByItselfSaysWhyAndForHowLong) {
  resilience::Breaker& breaker = world_.breakers().get("vendor.quotes", {});
  breaker.quota_open(std::chrono::seconds{30});
  const json::value body = json::parse(world_.get("/api/v1/providers/vendor").body);
  const json::value& shown = body.at("operations").at("quotes").at("breaker");
  EXPECT_EQ(shown.at("state").as_string(), "open");
  EXPECT_EQ(shown.at("forced").as_bool(), false);
  EXPECT_GT(shown.at("retry_in_ms").as_int64(), 20'000);
  EXPECT_LE(shown.at("retry_in_ms").as_int64(), 30'000);
  EXPECT_FALSE(shown.at("reason").as_string().empty());
}

TEST_F(ProviderAnswers, MetricsCountWhatVendorsDid) {
  measure();
  ASSERT_EQ(world_.send(Method::Put, kPin, R"({"provider":"vendor"})").status, 200);
  ASSERT_EQ(world_.send(Method::Post, kBreakers + "vendor.crypto/open").status, 200);
  const std::string text = world_.get("/metrics").body;
  for (const char* line : {
           "ziggy_circuit_breaker_state{name=\"vendor.crypto\",state=\"open\"} 1",
           "ziggy_circuit_breaker_state{name=\"vendor.crypto\",state=\"closed\"} 0",
           "ziggy_circuit_breaker_state{name=\"vendor.bars\",state=\"closed\"} 1",
           "ziggy_circuit_breaker_forced{name=\"vendor.crypto\"} 1",
           "ziggy_circuit_breaker_opened_total{name=\"vendor.crypto\"} 1",
           "ziggy_provider_configured{provider=\"keyless\"} 0",
           "ziggy_provider_configured{provider=\"vendor\"} 1",
           "ziggy_provider_rank{provider=\"vendor\",operation=\"bars\"} 1",
           "ziggy_provider_rank{provider=\"vendor\",operation=\"crypto\"} 0",
           "ziggy_provider_rank{provider=\"keyless\",operation=\"news\"} 0",
           "ziggy_provider_pinned{provider=\"vendor\",operation=\"bars\"} 1",
           "ziggy_provider_success_ratio{provider=\"vendor\",operation=\"bars\"} 0.833333",
           "ziggy_provider_violations_total{provider=\"vendor\",operation=\"bars\"} 1",
       }) {
    EXPECT_THAT(text, testing::HasSubstr(std::string{line} + '\n'));
  }
  const std::string calls = "ziggy_provider_calls_total{provider=\"vendor\",operation=\"bars\"";
  EXPECT_THAT(text, testing::HasSubstr(calls + ",outcome=\"success\"} 10\n"));
  EXPECT_THAT(text, testing::HasSubstr(calls + ",outcome=\"timeout\"} 2\n"));
  EXPECT_EQ(text.find("ziggy_provider_score{provider=\"keyless\""), std::string::npos);
  EXPECT_EQ(text.find("ziggy_provider_calls_total{provider=\"keyless\""), std::string::npos);
}

}  // namespace
}  // namespace ziggy::golden
