// The model a run starts from: a Hugging Face folder, or new weights with a tokenizer trained from
// the first stage's task. A pure function of the experiment.
#ifndef HONE_TRAINER_STARTING_MODEL_H_
#define HONE_TRAINER_STARTING_MODEL_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/types/span.h"
#include "base/status.h"
#include "config/experiment.h"
#include "model/config.h"
#include "model/folder_origin.h"
#include "model/tokenizer/tokenizer.h"

namespace hone {

struct StartingModel {
  ModelConfig config;
  Tokenizer tokenizer;
  // Of a model from a folder: its checkpoints and exports keep what came with it.
  std::optional<FolderOrigin> origin;
  // [begin, begin + out.size()) of the flat buffer of Weights: each rank of the learner takes its
  // shard.
  std::function<void(int64_t begin, absl::Span<float> out)> read;
};

StatusOr<StartingModel> MakeStartingModel(const Experiment& experiment);

}  // namespace hone

#endif  // HONE_TRAINER_STARTING_MODEL_H_
