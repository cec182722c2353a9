// The number reward: is the completion's final answer the same number as the problem's? Exact, by
// the grammar of reward/number_text.h; 18, 18., 18.00, $18, 1.8e1, 36/2 and "18 eggs" are equal.
//
// The final answer is looked for behind the last </think>, in this order:
//   1. the last of \boxed{…}, <answer>…</answer> and "#### …": its only number. If there is such a
//      mark but no single number in it, nothing else is looked at. Boxes side by side are one mark,
//      so a list of guesses is no number;
//   2. the first number behind the last "answer is" or "answer:";
//   3. the last number.
// A percentage equals the answer with and without its sign (50% = 50 and 50% = 0.5), unless both
// have one.
//   correct      reward 1
//   incorrect    reward 0: a number, but another one
//   unparseable  reward 0: no number, or none that can be told
//   error        the problem's own answer, found by rule 1 or plain, is no number
#ifndef HONE_REWARD_NUMBER_H_
#define HONE_REWARD_NUMBER_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

std::unique_ptr<Verifier> MakeNumberVerifier();

}  // namespace hone

#endif  // HONE_REWARD_NUMBER_H_
