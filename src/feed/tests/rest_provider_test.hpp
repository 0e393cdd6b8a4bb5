#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string_view>
#include <utility>

#include "fake_vendor.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::feed::testing {

inline Symbol sym(std::string_view text) { return *Symbol::parse(text); }
inline Timestamp at(std::string_view text) { return *parse_rfc3339(text); }

/// A provider over a vendor of our own on loopback. `Settings` is made by the test, but for the
/// address.
template <class Provider, class Settings>
class RestProviderTest : public ::testing::Test {
 protected:
  /// Everything that is not `script`'s business (an empty body) is a route that does not exist.
  void start(Settings settings, FakeVendor::Script script, resilience::Budget* budget = nullptr) {
    vendor_.emplace([script = std::move(script)](const Asked& asked) {
      Answer answer = script(asked);
      if (answer.body.empty()) return Answer{.status = 404, .body = R"({"error":"no route"})"};
      return answer;
    });
    settings.base_url = vendor_->url();
    provider_.emplace(std::move(settings), http_, clock_, budget);
  }
  Result<BarsReply> bars(BarsRequest request) {
    return ziggy::testing::run_task(provider_->bars()->bars(request, Call{}));
  }
  Result<Quote> quote(std::string_view symbol) {
    return ziggy::testing::run_task(provider_->quotes()->quote(sym(symbol), Call{}));
  }
  static BarsRequest days(std::string_view from, std::string_view to, bool with_actions = false) {
    return {.symbol = sym("ACME"),
            .interval = Interval::Day,
            .range = {at(from), at(to)},
            .limit = 1000,
            .with_actions = with_actions};
  }

  ManualClock clock_{at("2024-06-03T15:00:00Z")};
  net::HttpClient http_{clock_};
  std::optional<FakeVendor> vendor_;
  std::optional<Provider> provider_;
};

}  // namespace ziggy::feed::testing
