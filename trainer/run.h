// The trainer's role: coordinator and learner over all stages of an experiment.
#ifndef HONE_TRAINER_RUN_H_
#define HONE_TRAINER_RUN_H_

#include <atomic>
#include <string>

#include "base/status.h"
#include "config/experiment.h"
#include "data/answer_check.h"
#include "data/run_folder.h"
#include "trainer/progress.h"

namespace hone {

// Where the coordinator and the weights are served: rank 0 and every rank, each on its own machine.
struct TrainerHost {
  std::string listen = "127.0.0.1";  // 0.0.0.0: to other machines as well
  std::string advertise = {};        // the name to reach it by; empty: AdvertisedAddress() finds it
};

// Does what the experiment says, from where the run folder's newest intact checkpoint left off,
// and returns when every stage is done. Cancelled when `stop` was raised: the step in work is
// given up (a resumed run does it again, with the same result).
// `rank_lost` is raised when another rank is known to be gone.
// `make_answer_check` checks the answers of data (data/dataset.h).
// With several ranks (resources.trainer) every one of them calls this; only rank 0 uses `progress`.
// Blocks; every wait inside has a deadline and its error names what was waited for.
Status RunTrainer(const Experiment& experiment, const RunFolder& folder, const TrainerHost& host,
                  Progress* progress, const std::atomic<bool>& stop,
                  const std::atomic<bool>& rank_lost, const AnswerCheckMaker& make_answer_check);

}  // namespace hone

#endif  // HONE_TRAINER_RUN_H_
