#include "trainer/learner/shard_layout.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace hone {

std::vector<Unit> Units(const ModelConfig& config) {
  const int64_t block = BlockSize(config);
  const int64_t embedding = int64_t{config.vocab_size} * config.hidden_size;
  std::vector<Unit> units = {{"embedding", {0, embedding}}};
  for (int i = 0; i < config.num_layers; ++i) {
    units.push_back({absl::StrCat("block ", i), {embedding + i * block, block}});
  }
  const int64_t end = embedding + config.num_layers * block;
  units.push_back({"head", {end, NumParameters(config) - end}});
  return units;
}

int64_t ShardSize(int64_t unit_size, int num_ranks) {
  const int64_t share = (unit_size + num_ranks - 1) / num_ranks;
  return (share + kShardBlock - 1) / kShardBlock * kShardBlock;
}

std::vector<WeightsRange> ShardRanges(const std::vector<Unit>& units, World world) {
  std::vector<WeightsRange> ranges;
  for (const Unit& unit : units) {
    const int64_t size = ShardSize(unit.range.count, world.size);
    const int64_t begin = std::min(unit.range.count, world.rank * size);
    const int64_t end = std::min(unit.range.count, begin + size);
    ranges.push_back({unit.range.begin + begin, end - begin});
  }
  return ranges;
}

}  // namespace hone
