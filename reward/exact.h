// The exact reward: is the completion's final answer the very text of the problem's? Both are
// brought into one form first: Unicode's composed form (NFC), white space at the ends removed and
// elsewhere one space; with ignore_case case-folded; with ignore_punctuation without the
// punctuation that words begin or end with, but for a sign, point or percent sign at a digit.
// Where the answer stands: FinalAnswer in reward/final_answer.h.
//   correct      reward 1
//   incorrect    reward 0: another text, or one of more than 65,536 bytes
//   unparseable  reward 0: nothing is said
//   error        the problem's own answer is empty or too long
#ifndef HONE_REWARD_EXACT_H_
#define HONE_REWARD_EXACT_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

std::unique_ptr<Verifier> MakeExactVerifier(const ExactSpec& spec);

}  // namespace hone

#endif  // HONE_REWARD_EXACT_H_
