// The countdown reward: the completion's last <answer>…</answer> must be an expression
// (reward/expression.h) that uses each given number exactly once and reaches the target. It may
// state its result, "(3*5)+8+1 = 24", if that is the target.
//   correct      reward 1
//   incorrect    reward 0: an expression, but other numbers, another value, or none (n/0)
//   unparseable  reward 0: no answer tags, or no expression between them
//   error        the problem's record is malformed, or its numbers overflow 128 bits
#ifndef HONE_REWARD_COUNTDOWN_H_
#define HONE_REWARD_COUNTDOWN_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

std::unique_ptr<Verifier> MakeCountdownVerifier();

}  // namespace hone

#endif  // HONE_REWARD_COUNTDOWN_H_
