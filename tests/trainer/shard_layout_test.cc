#include "trainer/learner/shard_layout.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rollout/engine/models.h"

namespace hone {
namespace {

TEST(ShardLayout, UnitsAreTheFlatBuffer) {
  for (const bool tied : {true, false}) {
    const ModelConfig config = SmallConfig(tied);
    const std::vector<Unit> units = Units(config);
    ASSERT_EQ(units.size(), static_cast<size_t>(config.num_layers) + 2);
    int64_t at = 0;
    for (const Unit& unit : units) {
      EXPECT_EQ(unit.range.begin, at) << unit.name;
      at += unit.range.count;
    }
    EXPECT_EQ(at, NumParameters(config));
    EXPECT_EQ(units.front().name, "embedding");
    EXPECT_EQ(units[2].name, "block 1");
    EXPECT_EQ(units.back().range.count, config.hidden_size * (tied ? 1 : 1 + config.vocab_size));
  }
}

TEST(ShardLayout, ShardsTileEachUnit) {
  const std::vector<Unit> units = Units(SmallConfig(false));
  for (const int ranks : {1, 2, 3, 16, 1000}) {
    for (size_t unit = 0; unit < units.size(); ++unit) {
      int64_t at = units[unit].range.begin;
      for (int rank = 0; rank < ranks; ++rank) {
        const WeightsRange range = ShardRanges(units, {rank, ranks})[unit];
        EXPECT_EQ(range.begin, at);
        EXPECT_LE(range.count, ShardSize(units[unit].range.count, ranks));
        at += range.count;
      }
      EXPECT_EQ(at, units[unit].range.begin + units[unit].range.count);
    }
  }
}

TEST(ShardLayout, ShardsAreWholeBlocksOfTheNorm) {
  EXPECT_EQ(ShardSize(1, 1), kShardBlock);
  EXPECT_EQ(ShardSize(10 * kShardBlock, 5), 2 * kShardBlock);
  EXPECT_EQ(ShardSize(10 * kShardBlock + 1, 5), 3 * kShardBlock);
}

}  // namespace
}  // namespace hone
