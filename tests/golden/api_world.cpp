#include "api_world.hpp"

#include <gtest/gtest.h>
#include <boost/asio/ip/address_v4.hpp>

#include "ziggy/api/problem.hpp"
#include "ziggy/api/stream_encoder.hpp"
#include "ziggy/testing/run_task.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::golden {
namespace {

const Timestamp kNow = *parse_rfc3339("2024-06-03T14:30:00Z");

Symbol symbol(std::string_view name) { return *Symbol::parse(name); }

/// Knows ABC and BTC-USD, has an outage for DOWN, and has never heard of anything else.
class Vendor final : public feed::Provider, public feed::CryptoSource {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "vendor"; }
  feed::BarSource* bars() noexcept override { return this; }
  using feed::QuoteSource::quotes;
  feed::QuoteSource* quotes() noexcept override { return this; }
  feed::CryptoSource* crypto() noexcept override { return this; }
  [[nodiscard]] std::vector<feed::SymbolInfo> symbols() const override {
    return {{symbol("ABC"), "Alphabet Soup \"A\"", "equity"},
            {symbol("BTC-USD"), "Bitcoin", "crypto"}};
  }

  net::Task<Result<Quote>> quote(Symbol asked, Call /*call*/) override {
    if (auto refused = refuse(asked); !refused) co_return std::unexpected{refused.error()};
    Quote quote;
    quote.symbol = asked;
    quote.as_of = kNow - std::chrono::milliseconds{1500};
    quote.last = 98.3;
    quote.prev_close = 98;
    quote.market_state = MarketState::Open;
    if (asked == symbol("ABC")) {
      quote.bid = 98.29;
      quote.ask = 98.31;
      quote.bid_size = 100;
      quote.ask_size = 300;
      quote.last_size = 0.5;
      quote.volume = 1'234'567;
    }
    co_return quote;
  }

  net::Task<Result<feed::BarsReply>> bars(feed::BarsRequest request, Call /*call*/) override {
    if (auto refused = refuse(request.symbol); !refused) co_return std::unexpected{refused.error()};
    feed::BarsReply reply;
    reply.as_of = kNow;
    BarColumns all;
    for (int day = 0; day < 5; ++day) {  // Monday 2024-05-20 to Friday
      const double base = 100 + day;
      all.push_back({*parse_rfc3339("2024-05-20") + std::chrono::days{day}, base, base + 1.25,
                     base - 0.5, base + 0.0625, 1'000.0 * (day + 1)});
    }
    const bool from_end = request.range.start == feed::kNoStart;
    const std::size_t begin = from_end ? 0 : all.lower_bound(request.range.start);
    const std::size_t end = all.lower_bound(request.range.end);
    const std::size_t count = std::min(request.limit, end - begin);
    reply.bars.append(all, from_end ? end - count : begin, from_end ? end : begin + count);
    reply.actions = {{CorporateAction::Kind::Split, *parse_rfc3339("2020-08-31"), 4},
                     {CorporateAction::Kind::Dividend, *parse_rfc3339("2024-02-09"), 0.24}};
    co_return reply;
  }

 private:
  static Result<> refuse(const Symbol& asked) {
    if (asked == symbol("DOWN")) {
      return fail(ErrorCode::ProviderTimeout, "https://vendor.example/?apiKey=hunter2 timed out");
    }
    if (asked == symbol("ABC") || asked == symbol("BTC-USD")) return {};
    return fail(ErrorCode::UnknownSymbol, "no such symbol");
  }
};

/// Named by a chain, but nobody has its key.
class KeylessVendor final : public feed::Provider {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "keyless"; }
  [[nodiscard]] std::string_view not_configured() const noexcept override {
    return "KEYLESS_API_KEY is not set";
  }
};

/// Three days of an imported index, in the store and nowhere else.
void import_bars(store::Database& database) {
  BarColumns bars;
  for (int day = 0; day < 3; ++day) {
    const double base = 1400 + 10 * day;
    bars.push_back({*parse_rfc3339("2020-04-15") + std::chrono::days{day}, base, base + 5.5,
                    base - 4.25, base + 1.199951, 5e9});
  }
  const auto written = database.bars().write({symbol("SPX"), Interval::Day}, "import", bars);
  ASSERT_TRUE(written) << written.error().detail();
  ASSERT_TRUE(database.symbols().upsert(
      {symbol("SPX"), "S&P 500", store::AssetClass::Index, "import", true}));
}

std::unique_ptr<store::Database> make_database(const testing::TempFolder& folder) {
  auto opened = store::Database::open({.url = "sqlite:///" + (folder / "golden.db").string()});
  if (!opened) throw std::runtime_error{opened.error().detail()};
  auto database = *std::move(opened);
  if (const auto migrated = database->migrate(); !migrated)
    throw std::runtime_error{migrated.error().detail()};
  import_bars(*database);
  return database;
}

}  // namespace

struct World::Parts {
  testing::TempFolder folder;
  ManualClock clock{kNow};
  std::unique_ptr<store::Database> database = make_database(folder);
  net::BlockingPool pool{1, 16};
  api::StreamEncoder encoder;
  streams::Hub hub{clock, encoder};
  Vendor vendor;
  KeylessVendor keyless;
  resilience::BreakerRegistry breakers{clock};
  routing::Desk desk{{.clock = clock, .breakers = breakers, .database = database.get()}};
  routing::Chain prices{routing::Operation::Bars, {&vendor}, desk};
  routing::Chain quotes{routing::Operation::Quotes, {&vendor}, desk};
  routing::Chain crypto{routing::Operation::Crypto, {&vendor}, desk};
  market::Market market{{clock, *database, pool, hub, prices, quotes, crypto}, {}};
  health::Health health{
      clock, {{.name = "storage", .criticality = health::Criticality::Critical, .run = [this] {
                 return database->ping() ? health::Outcome{}
                                         : health::Outcome{health::Status::Error, "no answer"};
               }}}};
  api::Api api{{clock, market, desk, breakers, hub, health, {}},
               {.version = "1.2.3", .web_folder = folder / "absent"}};
  net::Router router = api.router();
};

World::World() : parts_{std::make_unique<Parts>()} {
  parts_->desk.enroll(routing::Operation::News, {&parts_->keyless}, std::chrono::seconds{1});
  EXPECT_TRUE(parts_->router.check());
  EXPECT_TRUE(parts_->market.start());
  EXPECT_TRUE(parts_->health.wait_until_checked(std::chrono::seconds{30}));
}

World::~World() = default;

const api::Api& World::api() const { return parts_->api; }
routing::Desk& World::desk() { return parts_->desk; }
resilience::BreakerRegistry& World::breakers() { return parts_->breakers; }
store::Database& World::database() { return *parts_->database; }
ManualClock& World::clock() { return parts_->clock; }

Answer World::get(std::string_view target, std::span<const net::Header> headers) {
  net::Request request;
  request.method = net::Method::Get;
  request.target = target;
  request.headers = headers;
  return ask(std::move(request));
}

Answer World::send(net::Method method, std::string_view target, std::string_view body,
                   std::string_view type) {
  net::Request request;
  request.method = method;
  request.target = target;
  request.body = body;
  const net::Header header{"Content-Type", type};
  if (!body.empty() && !type.empty()) request.headers = {&header, 1};
  return ask(std::move(request));
}

Answer World::ask(net::Request request) {
  const std::string_view target = request.target;
  request.path = target.substr(0, target.find('?'));
  if (target.find('?') != std::string_view::npos)
    request.query = target.substr(target.find('?') + 1);
  request.is_loopback = true;
  request.peer = net::asio::ip::address_v4::loopback();
  request.call.correlation_id = *CorrelationId::parse("golden");
  std::vector<std::string> decoded;
  const auto match = parts_->router.match(request.method, request.path, decoded);
  net::Response response;
  if (match.route == nullptr) {
    api::render_problem({ErrorCode::NotFound, "no such path"}, request, response);
  } else {
    request.route = match.route;
    request.params = match.params;
    const bool is_done = match.route->fast && match.route->fast(request, response);
    if (!is_done) response = testing::run_task(match.route->handler(request));
  }
  return {response.status,
          std::string{response.content_type},
          response.shared ? response.shared->bytes : response.body,
          response.headers,
          response.etag,
          static_cast<bool>(response.upgrade)};
}

}  // namespace ziggy::golden
