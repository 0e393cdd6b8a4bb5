/// Who may start: by origin, in turn, within the limits.
#include "transfer_queue.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace ziggy::net {
namespace {

/// The queue never looks into a transfer, so numbers stand for them.
CurlTransfer* transfer(std::uintptr_t number) {
  return reinterpret_cast<CurlTransfer*>(number);  // NOLINT(performance-no-int-to-ptr)
}

std::vector<std::uintptr_t> started(TransferQueue& queue) {
  std::vector<std::uintptr_t> numbers;
  while (CurlTransfer* next = queue.next()) {
    numbers.push_back(reinterpret_cast<std::uintptr_t>(next));
  }
  return numbers;
}

using Numbers = std::vector<std::uintptr_t>;

TEST(TransferQueue, StartsInOrderUpToTheLimitOfAnOrigin) {
  TransferQueue queue{{.connections_per_host = 2, .connections_max = 10}};
  for (std::uintptr_t i = 1; i <= 5; ++i) queue.add(transfer(i), "https://a");
  EXPECT_EQ(started(queue), (Numbers{1, 2}));
  queue.remove(transfer(2));
  EXPECT_EQ(started(queue), (Numbers{3}));
  queue.remove(transfer(4));  // given up while it waits
  queue.remove(transfer(1));
  queue.remove(transfer(3));
  EXPECT_EQ(started(queue), (Numbers{5}));
  queue.remove(transfer(5));
  queue.remove(transfer(5));  // a second time is nothing
  EXPECT_EQ(started(queue), Numbers{});
}

TEST(TransferQueue, OneOriginDoesNotKeepAnotherFromStarting) {
  TransferQueue queue{{.connections_per_host = 2, .connections_max = 3}};
  for (std::uintptr_t i = 1; i <= 4; ++i) queue.add(transfer(i), "https://a");
  for (std::uintptr_t i = 11; i <= 14; ++i) queue.add(transfer(i), "https://b");
  EXPECT_EQ(started(queue), (Numbers{1, 11, 2})) << "in turn, three in all";
  queue.remove(transfer(1));
  EXPECT_EQ(started(queue), (Numbers{12})) << "b's turn";
  queue.remove(transfer(11));
  EXPECT_EQ(started(queue), (Numbers{3}));
}

TEST(TransferQueue, OriginsThatShareAConnectionGetMore) {
  TransferQueue queue{{.connections_per_host = 2, .connections_max = 2, .streams_per_host = 4}};
  for (std::uintptr_t i = 1; i <= 9; ++i) queue.add(transfer(i), "https://a");
  EXPECT_EQ(started(queue), (Numbers{1, 2}));
  queue.note(transfer(1), true);
  queue.remove(transfer(1));
  EXPECT_EQ(started(queue), (Numbers{3, 4, 5}));
  queue.note(transfer(2), false);  // the connection broke
  for (std::uintptr_t i = 2; i <= 3; ++i) queue.remove(transfer(i));
  EXPECT_EQ(started(queue), Numbers{});
  queue.remove(transfer(4));
  EXPECT_EQ(started(queue), (Numbers{6}));
  for (std::uintptr_t i = 5; i <= 6; ++i) {
    queue.note(transfer(i), true);
    queue.remove(transfer(i));
  }
  EXPECT_EQ(started(queue), (Numbers{7, 8})) << "nothing ran, so the connection may be gone";
}

TEST(TransferQueue, ForgetsOriginsThatNobodyAsks) {
  TransferQueue queue{{.connections_per_host = 1}};
  for (std::uintptr_t i = 1; i <= 1'000; ++i) {
    queue.add(transfer(i), "https://" + std::to_string(i));
    EXPECT_EQ(started(queue), (Numbers{i}));
    queue.remove(transfer(i));
  }
  EXPECT_LE(queue.origins(), 65U);
}

}  // namespace
}  // namespace ziggy::net
