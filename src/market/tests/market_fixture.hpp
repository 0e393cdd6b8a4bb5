#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "fakes.hpp"
#include "no_encoder.hpp"
#include "stored.hpp"
#include "ziggy/feed/sim.hpp"
#include "ziggy/market/market.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::market {

class MarketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "ziggy-market-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    database_ = open_database(folder_);
    sim_.stream()->set_listener(market());
  }
  void TearDown() override {
    market_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  Market& market() {
    if (!market_) {
      const MarketParts parts{clock_, *database_, pool_, hub_, prices_, quotes_, crypto_, &desk_};
      market_ = std::make_unique<Market>(parts, settings_);
    }
    return *market_;
  }
  Result<BarsAnswer> bars(const BarsQuery& query) {
    return testing::run_task(loop_, market().bars(query, Call{}));
  }
  Result<QuoteAnswer> quote(const Symbol& symbol) {
    return testing::run_task(loop_, market().quote(symbol, Call{}));
  }
  static BarsQuery all(const Symbol& symbol, Interval interval = Interval::Day) {
    BarsQuery query;
    query.symbol = symbol;
    query.interval = interval;
    return query;
  }
  void import(const Symbol& symbol, const BarColumns& columns, Interval interval = Interval::Day) {
    store::SymbolRow row;
    row.symbol = symbol;
    row.source = "import";
    row.imported = true;
    ASSERT_TRUE(database_->symbols().upsert(row).has_value());
    ASSERT_TRUE(database_->bars().write({symbol, interval}, "import", columns).has_value());
  }

  /// Until the first `market()`.
  MarketSettings settings_{.is_always_open = true};
  std::filesystem::path folder_;
  ManualClock clock_{kNow};
  std::unique_ptr<store::Database> database_;
  net::BlockingPool pool_{1, 64};
  NoEncoder encoder_;
  streams::Hub hub_{clock_, encoder_};
  feed::SimProvider sim_{clock_, {}};
  Fake first_{"first"};
  Fake second_{"second"};
  resilience::BreakerRegistry breakers_{clock_};
  routing::Desk desk_{{.clock = clock_, .breakers = breakers_}};
  routing::ChainSettings limits_{std::chrono::milliseconds{5}};
  routing::Chain prices_{routing::Operation::Bars, {&sim_, &first_, &second_}, desk_, limits_};
  routing::Chain quotes_{routing::Operation::Quotes, {&sim_, &first_, &second_}, desk_, limits_};
  routing::Chain crypto_{routing::Operation::Crypto, {&sim_}, desk_, limits_};
  net::asio::io_context loop_;
  std::unique_ptr<Market> market_;
};

}  // namespace ziggy::market
