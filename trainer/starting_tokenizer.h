// The tokenizer a run starts with: that of the model's folder, or one trained from the text of the
// first stage's task. A pure function of the experiment (and of the files that it names).
#ifndef HONE_TRAINER_STARTING_TOKENIZER_H_
#define HONE_TRAINER_STARTING_TOKENIZER_H_

#include "base/status.h"
#include "config/experiment.h"
#include "model/tokenizer/tokenizer.h"

namespace hone {

StatusOr<Tokenizer> MakeStartingTokenizer(const Experiment& experiment);

}  // namespace hone

#endif  // HONE_TRAINER_STARTING_TOKENIZER_H_
