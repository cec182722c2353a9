// What rank 0 of the trainer asks of all ranks' learners, as bytes on the way to the others.
#ifndef HONE_TRAINER_LEARNER_COMMAND_H_
#define HONE_TRAINER_LEARNER_COMMAND_H_

#include <cstdint>
#include <string>

#include "base/status.h"
#include "trainer/batch.h"

namespace hone {

struct LearnerCommand {
  enum class Kind : int32_t {
    kStillHere,           // nothing: rank 0 is busy elsewhere
    kPolicyGradient,      // of `stage`'s algorithm over `batch`
    kSupervisedGradient,  // minus the mean log-prob over batch.sequences
    kUpdate,              // with learning rate `lr` and the optimiser of `stage`
    kLogProbs,            // of the policy over batch.sequences
    kReferenceLogProbs,   // of the reference policy
    kStartReference,      // the reference policy of `checkpoint`; if empty, the policy as it is
    kReplaceReference,    // by the policy as it is
    kDropReference,
    kResetOptimizer,
    kPublish,  // as `version`
    kSave,     // this rank's shard into the folder `checkpoint`
    kEnd,
  };

  Kind kind = Kind::kStillHere;
  int32_t stage = 0;
  float temperature = 1;
  double lr = 0;
  uint64_t version = 0;
  std::string checkpoint;
  TrainBatch batch;
};

std::string Encode(const LearnerCommand& command);
// DataLoss for bytes that Encode() did not make.
StatusOr<LearnerCommand> DecodeLearnerCommand(const std::string& bytes);

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_COMMAND_H_
