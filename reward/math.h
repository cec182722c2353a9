// The math reward: is the completion's final answer the same mathematics as the problem's? Numbers,
// formulas, sets, intervals, tuples, matrices, equations, inequalities, text and choices, in LaTeX
// or plain notation; docs/rewards.md says what is accepted. Where an answer is looked for:
// reward/math/find_answer.h.
//   correct      reward 1
//   incorrect    reward 0: an answer, but not this one; also one that is too long, nests too deep,
//                costs more than the budget, or repeats the question
//   unparseable  reward 0: no answer
//   error        the problem's own answer is empty or too long
#ifndef HONE_REWARD_MATH_H_
#define HONE_REWARD_MATH_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

std::unique_ptr<Verifier> MakeMathVerifier(const MathSpec& spec = {});

}  // namespace hone

#endif  // HONE_REWARD_MATH_H_
