#include "base/philox.h"

#include <map>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::ElementsAre;

// Known answers of the reference implementation, Random123 (kat_vectors, philox4x32-10).
TEST(PhiloxTest, MatchesTheKnownAnswers) {
  EXPECT_THAT(Philox(0, 0, 0), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  const uint64_t ones = ~uint64_t{0};
  EXPECT_THAT(Philox(ones, ones, ones),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(Philox(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(RandomTest, BelowIsEvenAndStaysBelow) {
  Random random(1, 2);
  int counts[7] = {};
  for (int i = 0; i < 70000; ++i) ++counts[random.Below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);  // four deviations
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0u);
}

TEST(RandomTest, ShuffleReachesEveryOrderAlike) {
  Random random(3, 4);
  std::map<std::vector<int>, int> counts;
  for (int i = 0; i < 60000; ++i) {
    std::vector<int> items = {1, 2, 3};
    random.Shuffle(&items);
    ++counts[items];
  }
  ASSERT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 10000, 400);  // four deviations
}

TEST(RandomTest, StreamsAreApartAndUniformStaysInItsRange) {
  std::set<uint32_t> seen;
  for (uint64_t stream = 0; stream < 100; ++stream) seen.insert(Random(5, stream).Bits());
  EXPECT_EQ(seen.size(), 100u);
  Random random(5, 0);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const float x = random.Uniform();
    ASSERT_GE(x, 0.0f);
    ASSERT_LT(x, 1.0f);
    sum += x;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.012);
}

}  // namespace
}  // namespace hone
