#include "counts.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

namespace ziggy::standin {
namespace {

constexpr std::chrono::seconds kWindow{60};

TEST(Counts, TheMostInAnyWindow) {
  EXPECT_TRUE(rc::check("as counting every window says", [] {
    const auto gaps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 40));

    SlidingMax sliding;
    std::vector<Monotonic> times;
    Monotonic at{};
    for (const int gap : gaps) {
      at += std::chrono::seconds{gap};
      times.push_back(at);
      sliding.add(at, kWindow);
    }
    std::ptrdiff_t most = 0;
    for (const Monotonic end : times) {
      most = std::max(most, std::count_if(times.begin(), times.end(), [end](Monotonic one) {
                        return one <= end && end - one < kWindow;
                      }));
    }
    // Later ones at the same instant are in the window too; the last of them counts them all.
    RC_ASSERT(static_cast<std::ptrdiff_t>(sliding.most()) == most);
  }));
}

}  // namespace
}  // namespace ziggy::standin
