// The check of records' answers by the rewards that will judge them (data/answer_check.h).
#ifndef HONE_APP_ANSWER_CHECK_H_
#define HONE_APP_ANSWER_CHECK_H_

#include "base/status.h"
#include "data/answer_check.h"

namespace hone {

// InvalidArgument for a reward that cannot be made.
StatusOr<AnswerCheck> MakeAnswerCheck(const VerifierSpec& reward);

}  // namespace hone

#endif  // HONE_APP_ANSWER_CHECK_H_
