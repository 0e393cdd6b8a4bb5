#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "fixture.hpp"

namespace ziggy::standin::testing {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kBars =
    "/polygon/v2/aggs/ticker/AAPL/range/1/minute/1718200800000/1718204400000?limit=50";

class Faults : public StandInTest {
 protected:
  void SetUp() override { start(); }
  [[nodiscard]] Reply bars(milliseconds patience = std::chrono::seconds{5}) const {
    return get(kBars, kPolygonKey, patience);
  }
  [[nodiscard]] boost::json::array rows() const {
    return boost::json::parse(bars().body).at("results").as_array();
  }
};

TEST_F(Faults, NoneIsAWholeAnswer) {
  const Reply reply = bars();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.announced(), static_cast<long>(reply.body.size()));
  EXPECT_EQ(rows().size(), 50U);
  EXPECT_LT(reply.took, milliseconds{1'000});
}

TEST_F(Faults, DelayIsAtLeastThatLong) {
  fault(R"({"at":0,"fault":"delay","ms":80})");
  const Reply reply = bars();
  EXPECT_EQ(reply.status, 200);
  EXPECT_GE(reply.took, milliseconds{80});
}

TEST_F(Faults, HangTakesTheRequestAndSaysNothing) {
  fault(R"({"at":0,"fault":"hang"})");
  const Reply reply = bars(milliseconds{120});
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.end, End::Open);
}

TEST_F(Faults, TrickleComesByDrops) {
  fault(R"({"at":0,"fault":"trickle","bytes_per_second":500})");
  const Reply reply = bars(milliseconds{350});
  EXPECT_EQ(reply.status, 200);
  EXPECT_GT(reply.body.size(), 20U);
  EXPECT_LT(static_cast<long>(reply.body.size()), reply.announced());
  EXPECT_EQ(reply.end, End::Open);
}

TEST_F(Faults, ResetBreaksOffInTheMiddle) {
  fault(R"({"at":0,"fault":"reset"})");
  const Reply reply = bars();
  EXPECT_EQ(reply.end, End::Reset);
}

TEST_F(Faults, RefuseResetsBeforeAnAnswer) {
  fault(R"({"at":0,"fault":"refuse"})");
  const Reply reply = bars();
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.end, End::Reset);
}

TEST_F(Faults, StatusSpeaksAsTheVendorDoes) {
  fault(R"({"at":0,"fault":"status","status":429,"retry_after":30})");
  const Reply polygon = bars();
  EXPECT_EQ(polygon.status, 429);
  EXPECT_EQ(polygon.header("retry-after"), "30");
  EXPECT_NE(polygon.body.find("maximum requests per minute"), std::string::npos);
  const Reply alpaca = get("/alpaca/v2/stocks/bars?symbols=AAPL&timeframe=1Day", kAlpacaKeys);
  EXPECT_EQ(alpaca.body, R"({"message":"too many requests."})");
  const Reply yahoo = get("/yahoo/v8/finance/chart/AAPL");
  EXPECT_EQ(yahoo.status, 429);
  EXPECT_EQ(yahoo.body, "Too Many Requests\r\n");
}

TEST_F(Faults, HtmlIsAPageWith200) {
  fault(R"({"at":0,"fault":"html"})");
  const Reply reply = bars();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(reply.body.substr(0, 15), "<!DOCTYPE html>");
}

TEST_F(Faults, TruncateAnnouncesMoreThanItSends) {
  fault(R"({"at":0,"fault":"truncate"})");
  const Reply reply = bars();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.end, End::Closed);
  EXPECT_GT(reply.announced(), static_cast<long>(reply.body.size()));
  boost::system::error_code ec;
  boost::json::parse(reply.body, ec);
  EXPECT_TRUE(ec) << "it is no JSON any more";
}

TEST_F(Faults, EmptyIsNothing) {
  fault(R"({"at":0,"fault":"empty"})");
  const Reply reply = bars();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.announced(), 0);
}

TEST_F(Faults, DuplicatedOutOfOrderAndNegativeRows) {
  const auto good = rows();
  fault(R"({"at":0,"fault":"duplicate"})");
  auto bad = rows();
  int twice = 0;
  for (std::size_t i = 1; i < bad.size(); ++i)
    twice += bad[i].at("t") == bad[i - 1].at("t") ? 1 : 0;
  EXPECT_EQ(twice, 1);
  stand_in_->heal();
  EXPECT_EQ(rows(), good);
  fault(R"({"at":0,"fault":"out_of_order"})");
  bad = rows();
  ASSERT_EQ(bad.size(), good.size());
  int backward = 0;
  for (std::size_t i = 1; i < bad.size(); ++i) {
    backward += bad[i].at("t").as_int64() < bad[i - 1].at("t").as_int64() ? 1 : 0;
  }
  EXPECT_EQ(backward, 1);
  stand_in_->heal();
  fault(R"({"at":0,"fault":"negative_price"})");
  int negative = 0;
  for (const auto& row : rows()) negative += row.at("c").to_number<double>() < 0 ? 1 : 0;
  EXPECT_EQ(negative, 1);
}

TEST_F(Faults, StaleIsTheMarketOfAnHourAgo) {
  const auto at = [&] {
    return boost::json::parse(get("/polygon/v2/last/trade/AAPL", kPolygonKey).body)
        .at("results")
        .at("t")
        .as_int64();
  };
  const auto now = at();
  fault(R"({"at":0,"fault":"stale"})");
  EXPECT_NEAR(static_cast<double>(now - at()), 3.6e12, 1e9);
}

TEST_F(Faults, WrongSymbolNamesAnother) {
  fault(R"({"at":0,"fault":"wrong_symbol"})");
  EXPECT_EQ(boost::json::parse(bars().body).at("ticker"), "WRONG");
  const auto chart = boost::json::parse(get("/yahoo/v8/finance/chart/AAPL?range=5d").body);
  EXPECT_EQ(chart.at_pointer("/chart/result/0/meta/symbol"), "WRONG");
  const auto alpaca =
      boost::json::parse(get("/alpaca/v2/stocks/quotes/latest?symbols=AAPL", kAlpacaKeys).body);
  EXPECT_TRUE(alpaca.at("quotes").as_object().contains("WRONG"));
}

TEST_F(Faults, ConcernOnlyTheirVendorAndRoute) {
  fault(R"({"at":0,"vendor":"polygon","route":"bars","fault":"refuse"})");
  EXPECT_EQ(bars().end, End::Reset);
  EXPECT_EQ(get("/polygon/v2/last/trade/AAPL", kPolygonKey).status, 200);
  EXPECT_EQ(get("/yahoo/v8/finance/chart/AAPL").status, 200);
}

TEST_F(Faults, CountsWhatWasAskedAndWhatWasHit) {
  static_cast<void>(bars());
  fault(R"({"at":0,"vendor":"polygon","fault":"status"})");
  static_cast<void>(bars());
  static_cast<void>(get("/polygon/v2/last/trade/AAPL", kPolygonKey));
  const StandInCounts counts = stand_in_->counts();
  EXPECT_EQ(counts.of(Vendor::Polygon, Route::Bars).requests, 2U);
  EXPECT_EQ(counts.of(Vendor::Polygon, Route::Bars).faulty, 1U);
  EXPECT_EQ(counts.of(Vendor::Polygon, Route::Quotes).requests, 1U);
  EXPECT_EQ(counts.of(Vendor::Polygon).per_window_max, 3U);
  EXPECT_EQ(counts.of(Vendor::Yahoo).requests, 0U);
}

TEST_F(Faults, EachVendorHasAPortOfItsOwn) {
  std::set<std::uint16_t> ports{port_};
  for (const Vendor vendor : kVendors) {
    ports.insert(stand_in_->port_of(vendor));
    EXPECT_EQ(RawClient{stand_in_->port_of(vendor)}.get(kBars, kPolygonKey).status, 200);
  }
  EXPECT_EQ(ports.size(), 4U);
}

TEST_F(Faults, ControlOverHttp) {
  RawClient client{port_};
  const std::string script = R"({"steps":[{"at":0,"vendor":"polygon","fault":"html"}]})";
  const auto post = [&](std::string_view body) {
    client.send(
        fmt::format("POST /control/faults HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}",
                    body.size(), body));
    return client.receive();
  };
  EXPECT_EQ(post(script).status, 204);
  EXPECT_EQ(bars().header("content-type"), "text/html; charset=utf-8");
  const Reply refused = post(R"({"steps":[{"at":0,"fault":"slow"}]})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.body.substr(0, 32), "body: step 1: fault must be one ");
  client.send("DELETE /control/faults HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().status, 204);
  EXPECT_EQ(bars().header("content-type"), "application/json");
  const auto counts = boost::json::parse(get("/control/counts").body);
  EXPECT_EQ(counts.at_pointer("/polygon/routes/bars/requests").as_int64(), 2);
  EXPECT_EQ(get("/control/nothing").status, 404);
}

TEST_F(Faults, WhatIsNoRequestEndsTheConnection) {
  for (const std::string_view bytes :
       {"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nnonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"}) {
    RawClient client{port_};
    client.send(bytes);
    EXPECT_EQ(client.receive().end, End::Closed) << bytes;
  }
  RawClient endless{port_};
  endless.send(std::string(40'000, 'x'));
  EXPECT_NE(endless.receive().end, End::Open);
  EXPECT_EQ(bars().status, 200) << "and nobody else notices";
}

TEST(Control, IsForTestProgramsOnly) {
  const SystemClock clock;
  SimTape tape{{}};
  net::Loops loops{1};
  StandIn stand_in{loops, clock, tape, {}};
  const auto port = stand_in.listen();
  ASSERT_TRUE(port.has_value());
  loops.run();
  EXPECT_EQ(RawClient{*port}.get("/control/counts").status, 404);
}

TEST(Lifetime, EndsWithClientsInEveryState) {
  const SystemClock clock;
  auto tape = std::make_unique<SimTape>(feed::SimSettings{});
  net::Loops loops{1};
  auto stand_in = std::make_unique<StandIn>(loops, clock, *tape, StandInSettings{});
  const auto port = stand_in->listen();
  ASSERT_TRUE(port.has_value());
  loops.run();
  const auto script = FaultScript::parse(
      R"({"steps":[{"at":0,"vendor":"polygon","fault":"hang"},{"at":0,"vendor":"alpaca","fault":"delay","ms":60000},
          {"at":0,"vendor":"yahoo","fault":"trickle"}]})",
      "test");
  ASSERT_TRUE(stand_in->run(*script).has_value());
  RawClient idle{*port};
  RawClient hanging{*port};
  RawClient delayed{*port};
  RawClient trickling{*port};
  static_cast<void>(hanging.get(kBars, kPolygonKey, milliseconds{30}));
  static_cast<void>(delayed.get("/alpaca/v2/stocks/bars?symbols=A&timeframe=1Day", kAlpacaKeys,
                                milliseconds{30}));
  static_cast<void>(trickling.get("/yahoo/v8/finance/chart/AAPL", {}, milliseconds{30}));
  stand_in.reset();
  tape.reset();
  EXPECT_EQ(idle.receive().end, End::Closed);
  EXPECT_NE(hanging.receive().end, End::Open);
  EXPECT_NE(delayed.receive().end, End::Open);
  EXPECT_NE(trickling.receive(milliseconds{500}).end, End::Open);
}

}  // namespace
}  // namespace ziggy::standin::testing
