// A scripted day: each vendor fails in its own way, two at once, then all three.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fakes.hpp"

namespace ziggy::routing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kRequests = 10'000;
// Two requests a second of virtual time.
constexpr milliseconds kStep{500};

struct Spell {
  int from;
  int to;
  std::string_view vendors;
  ErrorCode how;
};

// ProviderTimeout is a vendor that really hangs.
constexpr std::array kDay{
    Spell{1'000, 2'000, "a", ErrorCode::ProviderUnavailable},
    Spell{3'000, 4'000, "b", ErrorCode::BadPayload},
    Spell{4'500, 5'000, "c", ErrorCode::ProviderUnavailable},
    Spell{5'500, 6'500, "a", ErrorCode::ProviderTimeout},
    Spell{7'000, 7'500, "ab", ErrorCode::ProviderUnavailable},
    Spell{8'000, 8'300, "abc", ErrorCode::ProviderUnavailable},
    Spell{9'000, 9'200, "bc", ErrorCode::ProviderQuota},
};

const Spell* spell_at(int request, char vendor) {
  for (const Spell& spell : kDay) {
    if (request >= spell.from && request < spell.to &&
        spell.vendors.find(vendor) != std::string_view::npos) {
      return &spell;
    }
  }
  return nullptr;
}

void set(Vendor& vendor, int request) {
  const Spell* const spell = spell_at(request, vendor.name().front());
  vendor.hangs = spell != nullptr && spell->how == ErrorCode::ProviderTimeout;
  if (spell == nullptr) {
    vendor.says = Vendor::good;
  } else if (spell->how == ErrorCode::ProviderQuota) {
    vendor.says = [](const Symbol&) -> Result<Quote> {
      return std::unexpected{Error{ErrorCode::ProviderQuota, "429"}.with_retry_after(seconds{30})};
    };
  } else {
    vendor.says = Vendor::failing(spell->how);
  }
}

TEST(Day, NoRequestFailsWhileAnyVendorWorks) {
  World world{milliseconds{10}};
  int failed = 0;
  int wrong = 0;
  int dark = 0;
  std::vector<std::pair<int, std::string>> leaders;
  std::map<std::string_view, int> answered;
  for (int request = 0; request < kRequests; ++request) {
    bool is_any_well = false;
    for (Vendor* const vendor : {&world.a, &world.b, &world.c}) {
      set(*vendor, request);
      is_any_well = is_any_well || spell_at(request, vendor->name().front()) == nullptr;
    }
    const auto outcome = world.ask();
    if (outcome.value) {
      ++answered[outcome.provider->name()];
      // Who answered is well, and everyone who is named failed.
      wrong += spell_at(request, outcome.provider->name().front()) != nullptr ? 1 : 0;
      for (const Miss& miss : outcome.misses) {
        wrong += spell_at(request, miss.provider.front()) == nullptr ? 1 : 0;
      }
      if (leaders.empty() || leaders.back().second != outcome.provider->name()) {
        leaders.emplace_back(request, outcome.provider->name());
      }
    } else if (is_any_well) {
      ++failed;
    } else {
      ++dark;
      EXPECT_EQ(outcome.misses.size() + outcome.skipped.size(), 3U);
    }
    world.clock.advance(kStep);
    if (request % 2 == 1) world.desk.tick();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(dark, 300);
  EXPECT_EQ(world.order().front(), "a");
  // Within a minute of virtual time somebody that is well answers first again.
  EXPECT_GT(answered["a"], 6'500);

  const auto incidents = world.desk.incidents();
  EXPECT_FALSE(incidents.empty());
  for (const auto& one : incidents) {
    if (one.kind == "breaker_open") EXPECT_TRUE(one.closed_at) << one.provider;
  }
  fmt::print("{} requests: {} answered by a, {} by b, {} by c, {} with everyone down\n", kRequests,
             answered["a"], answered["b"], answered["c"], dark);
  for (const auto& [request, name] : leaders) {
    fmt::print("  {:>6.1f} s  {} answers\n", request * 0.5, name);
  }
  for (const auto& one : incidents) {
    const auto lasted = one.closed_at
                            ? std::chrono::duration_cast<seconds>(*one.closed_at - one.opened_at)
                            : seconds{-1};
    fmt::print("  incident {}.{} {}: {} s, {}\n", one.provider, one.operation, one.kind,
               lasted.count(), one.reason);
  }
  for (const auto* name : {"a", "b", "c"}) fmt::print("  {}\n", world.status(name).reason);
}

}  // namespace
}  // namespace ziggy::routing
