// The model a run starts from: a Hugging Face folder, or new weights with a tokenizer trained from
// the first stage's task. A pure function of the experiment.
#ifndef HONE_TRAINER_STARTING_MODEL_H_
#define HONE_TRAINER_STARTING_MODEL_H_

#include "base/status.h"
#include "config/experiment.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights.h"

namespace hone {

struct StartingModel {
  Weights weights;
  Tokenizer tokenizer;
};

StatusOr<StartingModel> MakeStartingModel(const Experiment& experiment);

}  // namespace hone

#endif  // HONE_TRAINER_STARTING_MODEL_H_
