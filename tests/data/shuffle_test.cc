#include "data/shuffle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace hone {
namespace {

std::vector<uint64_t> Order(uint64_t seed, uint64_t stream, uint64_t size) {
  std::vector<uint64_t> order;
  for (uint64_t i = 0; i < size; ++i) order.push_back(ShuffledIndex(seed, stream, i, size));
  return order;
}

TEST(ShuffledIndex, IsAPermutationOfEverySize) {
  for (uint64_t size = 1; size < 300; ++size) {
    std::vector<uint64_t> order = Order(7, size, size);
    std::sort(order.begin(), order.end());
    std::vector<uint64_t> all(size);
    std::iota(all.begin(), all.end(), 0);
    ASSERT_EQ(order, all) << size;
  }
}

TEST(ShuffledIndex, DependsOnSeedAndStreamAlone) {
  EXPECT_EQ(Order(7, 1, 1000), Order(7, 1, 1000));
  EXPECT_NE(Order(7, 1, 1000), Order(8, 1, 1000));
  EXPECT_NE(Order(7, 1, 1000), Order(7, 2, 1000));
  // Large sizes cost no memory.
  EXPECT_LT(ShuffledIndex(7, 1, 12345, uint64_t{1} << 40), uint64_t{1} << 40);
}

// Over 24,000 streams, each index of 6 meets each place about 4,000 times: five standard
// deviations.
TEST(ShuffledIndex, PlacesAreEven) {
  int counts[6][6] = {};
  for (uint64_t stream = 0; stream < 24'000; ++stream) {
    for (uint64_t i = 0; i < 6; ++i) ++counts[i][ShuffledIndex(3, stream, i, 6)];
  }
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, 4000, 5 * 58);
  }
}

}  // namespace
}  // namespace hone
