// Whatever bars a vendor has, in however many pages, the provider gives exactly those of the range.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "fake_vendor.hpp"
#include "vendor_bars.hpp"
#include "ziggy/feed/alpaca.hpp"
#include "ziggy/feed/polygon.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::feed {
namespace {

using testing::Answer;
using testing::Asked;
using testing::FakeVendor;

const Symbol kSymbol = *Symbol::parse("ACME");

// What the fake vendor holds, and how many rows it puts on a page.
struct Shelf {
  BarColumns bars;
  std::size_t page_rows = 1;
};

// The rows of the vendor's answer to a window, from the oldest or from the newest, page by page.
template <class Write>
std::pair<std::string, std::string> page_of(const Shelf& shelf, Timestamp from, Timestamp to,
                                            bool is_descending, std::size_t skip, Write write) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < shelf.bars.size(); ++i) {
    if (shelf.bars.time_at(i) >= from && shelf.bars.time_at(i) <= to) rows.push_back(i);
  }
  if (is_descending) std::reverse(rows.begin(), rows.end());
  std::string body;
  std::size_t at = skip;
  for (; at < std::min(rows.size(), skip + shelf.page_rows); ++at) {
    if (!body.empty()) body += ',';
    body += write(shelf.bars.at(rows[at]));
  }
  return {body, at < rows.size() ? std::to_string(at) : std::string{}};
}

Answer polygon_answer(const Shelf& shelf, const Asked& asked) {
  if (!asked.path.starts_with("/v2/aggs/")) return {.status = 404, .body = "{}"};
  // /v2/aggs/ticker/ACME/range/1/minute/FROM/TO, the same for the next page.
  const auto parts = text::split_list(asked.path, '/');
  const auto instant = [&](std::size_t i) {
    return Timestamp{std::chrono::milliseconds{*text::parse_int(parts[i])}};
  };
  const bool is_descending = asked.query.at("sort") == "desc";
  const std::size_t skip =
      asked.query.contains("cursor")
          ? static_cast<std::size_t>(*text::parse_int(asked.query.at("cursor")))
          : 0;
  const auto [rows, next] =
      page_of(shelf, instant(7), instant(8), is_descending, skip, [](const Bar& bar) {
        return fmt::format(R"({{"v":{},"o":{},"c":{},"h":{},"l":{},"t":{}}})", bar.volume, bar.open,
                           bar.close, bar.high, bar.low,
                           bar.time.time_since_epoch() / std::chrono::milliseconds{1});
      });
  std::string body = R"({"ticker":"ACME","status":"OK","adjusted":false,"results":[)" + rows + "]";
  if (!next.empty()) {
    body += fmt::format(R"(,"next_url":"https://api.polygon.io{}?sort={}&cursor={}")", asked.path,
                        asked.query.at("sort"), next);
  }
  return {.body = body + "}"};
}

Answer alpaca_answer(const Shelf& shelf, const Asked& asked) {
  if (asked.path != "/v2/stocks/bars") return {.status = 404, .body = "{}"};
  const std::size_t skip =
      asked.query.contains("page_token")
          ? static_cast<std::size_t>(*text::parse_int(asked.query.at("page_token")))
          : 0;
  const auto [rows, next] =
      page_of(shelf, *parse_rfc3339(asked.query.at("start")), *parse_rfc3339(asked.query.at("end")),
              asked.query.at("sort") == "desc", skip, [](const Bar& bar) {
                return fmt::format(R"({{"t":"{}","o":{},"h":{},"l":{},"c":{},"v":{}}})",
                                   to_rfc3339(bar.time), bar.open, bar.high, bar.low, bar.close,
                                   bar.volume);
              });
  return {.body = R"({"bars":{"ACME":[)" + rows + R"(]},"next_page_token":)" +
                  (next.empty() ? "null" : "\"" + next + "\"") + "}"};
}

Shelf arbitrary_shelf() {
  Shelf shelf;
  shelf.page_rows = *rc::gen::inRange<std::size_t>(1, 9);
  const auto gaps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 4000));
  Timestamp time = *parse_rfc3339("2024-02-01T14:30:00Z");
  for (const int gap : gaps) {
    time += std::chrono::minutes{gap};
    const double base = *rc::gen::inRange(1, 10'000'000) / 1000.0;
    const double wide = *rc::gen::inRange(0, 1000) / 1000.0;
    shelf.bars.push_back({time, base, base + wide, base - wide / 1001, base + wide / 7,
                          static_cast<double>(*rc::gen::inRange(0, 1'000'000'000))});
  }
  return shelf;
}

BarsRequest arbitrary_request(const Shelf& shelf) {
  const auto moment = [&] {
    if (shelf.bars.empty()) return *parse_rfc3339("2024-02-01T14:30:00Z");
    const auto at = *rc::gen::inRange<std::size_t>(0, shelf.bars.size());
    return shelf.bars.time_at(at) + std::chrono::minutes{*rc::gen::inRange(-1, 2)};
  };
  BarsRequest request{.symbol = kSymbol,
                      .interval = Interval::Minute,
                      .range = {moment(), moment()},
                      .limit = *rc::gen::inRange<std::size_t>(1, 40),
                      .with_actions = false};
  if (*rc::gen::arbitrary<bool>()) request.range.start = kNoStart;
  return request;
}

class VendorProperty : public ::testing::Test {
 protected:
  // The prices jump; the splits that would be asked for then are a route that does not exist.
  void check(Provider& provider, Shelf& shelf) {
    EXPECT_TRUE(rc::check([&] {
      shelf = arbitrary_shelf();
      const BarsRequest request = arbitrary_request(shelf);
      const auto reply = ziggy::testing::run_task(provider.bars()->bars(request, Call{}));
      RC_ASSERT(reply.has_value());
      RC_ASSERT(reply->bars == cut_to(shelf.bars, request.range, request.limit));
      RC_ASSERT(reply->dropped == 0U);
    }));
  }

  ManualClock clock_{*parse_rfc3339("2024-12-31T15:00:00Z")};
  net::HttpClient http_{clock_};
};

TEST_F(VendorProperty, PolygonGivesWhatIsThere) {
  Shelf shelf;
  FakeVendor vendor{[&](const Asked& asked) { return polygon_answer(shelf, asked); }};
  PolygonProvider provider{{.base_url = vendor.url(), .key = Secret{"k"}}, http_, clock_, nullptr};
  check(provider, shelf);
}

TEST_F(VendorProperty, AlpacaGivesWhatIsThere) {
  Shelf shelf;
  FakeVendor vendor{[&](const Asked& asked) { return alpaca_answer(shelf, asked); }};
  AlpacaProvider provider{
      {.base_url = vendor.url(), .key_id = Secret{"k"}, .secret_key = Secret{"s"}},
      http_,
      clock_,
      nullptr};
  check(provider, shelf);
}

}  // namespace
}  // namespace ziggy::feed
