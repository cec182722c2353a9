// Which weights lie on which rank: ZeRO-3 by unit. The units are the embedding, each transformer
// block, and the final norm with the head; one after the other they are the flat buffer of Weights.
// Each is cut into equal shards, one a rank, whose size is a multiple of kShardBlock; what lies
// beyond the unit's end is padding.
#ifndef HONE_TRAINER_LEARNER_SHARD_LAYOUT_H_
#define HONE_TRAINER_LEARNER_SHARD_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/collectives.h"
#include "data/weights_range.h"
#include "model/config.h"

namespace hone {

// Sums over weights go block by block, so that their bits do not depend on the number of ranks.
inline constexpr int64_t kShardBlock = 1024;

struct Unit {
  std::string name;  // "embedding", "block 3", "head"
  WeightsRange range;
};
std::vector<Unit> Units(const ModelConfig& config);

// Of one rank, with padding.
int64_t ShardSize(int64_t unit_size, int num_ranks);

// What a rank holds of each unit, in unit order, without padding (counts may be 0).
std::vector<WeightsRange> ShardRanges(const std::vector<Unit>& units, World world);

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_SHARD_LAYOUT_H_
