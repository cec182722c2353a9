// The model a run starts from: a Hugging Face folder, or new weights with a tokenizer trained from
// the first stage's task. A pure function of the experiment.
#ifndef HONE_TRAINER_STARTING_MODEL_H_
#define HONE_TRAINER_STARTING_MODEL_H_

#include <optional>

#include "base/status.h"
#include "config/experiment.h"
#include "model/folder_origin.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights.h"

namespace hone {

struct StartingModel {
  Weights weights;
  Tokenizer tokenizer;
  // Of a model from a folder: its checkpoints and exports keep what came with it.
  std::optional<FolderOrigin> origin;
};

StatusOr<StartingModel> MakeStartingModel(const Experiment& experiment);

}  // namespace hone

#endif  // HONE_TRAINER_STARTING_MODEL_H_
