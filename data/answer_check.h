// Whether a record's answer is one that its reward can judge by. data/ comes before reward/, so the
// check is handed in.
#ifndef HONE_DATA_ANSWER_CHECK_H_
#define HONE_DATA_ANSWER_CHECK_H_

#include <functional>
#include <optional>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "config/experiment.h"

namespace hone {

// An error says what is wrong with the answer.
using AnswerCheck = std::function<Status(absl::string_view answer)>;
using AnswerCheckMaker = std::function<StatusOr<AnswerCheck>(const VerifierSpec& reward)>;

// What is checked as records are loaded.
struct AnswerChecks {
  AnswerCheckMaker make;                 // empty: nothing
  std::optional<VerifierSpec> training;  // judges training problems; without: they are not checked
  bool heldout = false;                  // held-out problems, by the task's own reward
};

// Of a stage: training problems by the first term of its reward, held-out ones if it measures any.
AnswerChecks AnswerChecksOf(const Stage& stage, AnswerCheckMaker make);

}  // namespace hone

#endif  // HONE_DATA_ANSWER_CHECK_H_
