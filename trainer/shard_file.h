// The shard of one rank in a checkpoint: shard-R.safetensors with its weights, AdamW moments and
// reference policy, each the rank's ranges (trainer/learner/shard_layout.h) one after the other. It
// says how many shards there are, so that any other number of ranks can read what it needs.
#ifndef HONE_TRAINER_SHARD_FILE_H_
#define HONE_TRAINER_SHARD_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/status.h"
#include "cluster/collectives.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "trainer/learner/learner.h"
#include "trainer/learner/shard_layout.h"

namespace hone {

std::string ShardFileName(int rank);

// Beside the shard it leaves the file's SHA-256 for TakeShardHash(), so that rank 0 need not read
// all shards to hash them. `reference` is the shard of the reference policy, null without one.
Status WriteShardFile(const std::string& folder, World world, const Learner::ShardState& state,
                      const std::vector<float>* reference);

// Whether the rank's shard and its hash are there.
bool HasShard(const std::string& folder, int rank);
// The hash that the rank left, and removes it: it is not part of the checkpoint.
StatusOr<std::string> TakeShardHash(const std::string& folder, int rank);

// All shards of a checkpoint as one vector for each kind of number.
class ShardFiles {
 public:
  // Errors name the file. Hashes are not checked here (LoadCheckpoint does).
  static StatusOr<ShardFiles> Open(const std::string& folder, const ModelConfig& config);

  bool has_reference() const { return has_reference_; }
  int64_t optimizer_step() const { return optimizer_step_; }

  // [begin, begin + out.size()) of the flat buffer of Weights; `tensor` is weights, first_moment,
  // second_moment or reference. Only what is asked for is read.
  void Read(const std::string& tensor, int64_t begin, absl::Span<float> out) const;

 private:
  std::vector<SafetensorsFile> files_;
  std::vector<std::vector<WeightsRange>> ranges_;  // of each file
  bool has_reference_ = false;
  int64_t optimizer_step_ = 0;
};

}  // namespace hone

#endif  // HONE_TRAINER_SHARD_FILE_H_
