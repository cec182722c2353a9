// Checkpoints: all that is needed to go on with the same bits, and the model as a Hugging Face
// folder. checkpoints/step-NNNNNN/ holds manifest.json (position, hashes of the files), the shard
// of each rank (trainer/shard_file.h) and hf/.
//
// A checkpoint is written to step-NNNNNN.incomplete and renamed when it is whole and on disk: rank
// 0 makes the folder, every rank writes its shard, and rank 0 completes it. All of that runs beside
// the training (trainer/background_save.h). The newest one whose manifest and hashes are right is
// used; a broken one is named in a warning and passed over.
#ifndef HONE_TRAINER_CHECKPOINT_H_
#define HONE_TRAINER_CHECKPOINT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/experiment.h"
#include "data/run_folder.h"
#include "model/config.h"
#include "model/folder_origin.h"
#include "model/tokenizer/tokenizer.h"

namespace hone {

// Held-out accuracy of the weights of one version. Equal bits give an equal result, so the next
// stage, or a resumed run, need not measure again.
struct HeldoutMeasure {
  double accuracy = 0;
  uint64_t policy_version = 0;
  std::string spec;  // what was measured, as text
};

// A prompt that was issued and whose group no step has used yet.
struct CarriedPrompt {
  int64_t index = 0;            // among the stage's training problems
  uint64_t issued_version = 0;  // under which the ledger has it

  friend bool operator==(const CarriedPrompt&, const CarriedPrompt&) = default;
};

// Where a run stands: after `step` steps in all, `stage_step` of them in stage `stage`.
struct TrainingState {
  int64_t step = 0;
  int stage = 0;
  int64_t stage_step = 0;
  uint64_t policy_version = 0;
  int64_t data_cursor = 0;  // problems or demonstrations of this stage that were used
  std::optional<HeldoutMeasure> measured;  // the latest
  std::vector<CarriedPrompt> carried;      // over to the next step (partial rollouts)
};

// What a checkpoint is made from besides the shards. Not owned.
struct CheckpointContext {
  const RunFolder& folder;
  const CheckpointSpec& spec;
  std::string experiment_hash;
  const ModelConfig& config;
  const Tokenizer& tokenizer;
  // Of a model that came from a folder, else null; hf/ then has its configuration and files.
  const FolderOrigin* origin;
};

// Makes the empty folder for the checkpoint of that step, and returns it.
StatusOr<std::string> BeginCheckpoint(const RunFolder& folder, int64_t step);

// Waits until all `num_shards` shards are in `partial`, adds hf/ and the manifest, gives the folder
// its name, and removes old checkpoints: kept are the newest spec.keep_last, every
// spec.keep_every-th step, and those that end a stage. DeadlineExceeded names the ranks whose
// shards are missing.
Status CompleteCheckpoint(const CheckpointContext& context, const std::string& partial,
                          int num_shards, const TrainingState& state, bool ends_stage);

// The newest intact checkpoint with its folder; nullopt when there is none.
struct FoundCheckpoint {
  std::string path;
  TrainingState state;
};
StatusOr<std::optional<FoundCheckpoint>> FindCheckpoint(const RunFolder& folder,
                                                        const std::string& experiment_hash);

// One checkpoint, all of its files checked. Errors name the file and what is wrong with it.
StatusOr<TrainingState> LoadCheckpoint(const std::string& path, const std::string& experiment_hash);

}  // namespace hone

#endif  // HONE_TRAINER_CHECKPOINT_H_
