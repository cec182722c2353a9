// Checkpoints: all that is needed to go on with the same bits, and the model as a Hugging Face
// folder. checkpoints/step-NNNNNN/ holds manifest.json (position, hashes of the files), the shard
// of each rank (weights, moments, reference policy) and hf/.
//
// A checkpoint is written to step-NNNNNN.incomplete and renamed when it is whole and on disk. The
// newest one whose manifest and hashes are right is used; a broken one is named in a warning and
// passed over.
#ifndef HONE_TRAINER_CHECKPOINT_H_
#define HONE_TRAINER_CHECKPOINT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/experiment.h"
#include "data/run_folder.h"
#include "model/folder_origin.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights.h"
#include "trainer/learner/learner.h"

namespace hone {

// Held-out accuracy of the weights of one version. Equal bits give an equal result, so the next
// stage, or a resumed run, need not measure again.
struct HeldoutMeasure {
  double accuracy = 0;
  uint64_t policy_version = 0;
  std::string spec;  // what was measured, as text
};

// Where a run stands: after `step` steps in all, `stage_step` of them in stage `stage`.
struct TrainingState {
  int64_t step = 0;
  int stage = 0;
  int64_t stage_step = 0;
  uint64_t policy_version = 0;
  int64_t data_cursor = 0;  // problems or demonstrations of this stage that were used
  std::optional<HeldoutMeasure> measured;  // the latest
  // Filled only in a checkpoint:
  Learner::ShardState learner;
  std::vector<float> reference;  // this rank's shard of the reference policy; empty without KL
};

// Writes the checkpoint of state.step, then removes old ones: kept are the newest
// spec.keep_last and those that end a stage. `origin`, of a model that came from a folder, may be
// null; hf/ then has its configuration and files.
Status SaveCheckpoint(const RunFolder& folder, const CheckpointSpec& spec,
                      const std::string& experiment_hash, const TrainingState& state,
                      bool ends_stage, const Weights& weights, const Tokenizer& tokenizer,
                      const FolderOrigin* origin);

// The newest intact checkpoint with its folder; nullopt when there is none.
struct FoundCheckpoint {
  std::string path;
  TrainingState state;
};
StatusOr<std::optional<FoundCheckpoint>> FindCheckpoint(const RunFolder& folder,
                                                        const std::string& experiment_hash);

// One checkpoint. Errors name the file and what is wrong with it.
StatusOr<TrainingState> LoadCheckpoint(const std::string& path, const std::string& experiment_hash);

}  // namespace hone

#endif  // HONE_TRAINER_CHECKPOINT_H_
