// A length in passes over the data, as a number of steps.
#ifndef HONE_TRAINER_EPOCHS_H_
#define HONE_TRAINER_EPOCHS_H_

#include "base/status.h"
#include "config/experiment.h"

namespace hone {

// Replaces `epochs` of each sft stage by `steps`: the batches of batch_tokens that begin before the
// demonstrations have been read that often. Reads and tokenizes them all; does nothing to an
// experiment without epochs.
Status ResolveEpochs(Experiment* experiment);

}  // namespace hone

#endif  // HONE_TRAINER_EPOCHS_H_
