// The procedural reward: judges the completion's last <answer>…</answer> by the rule of the task
// that the problem's record names, {"task":"sudoku", …}. So one reward serves a mixture of tasks.
// Each rule accepts every right answer, in any usual notation: see reward/procedural/, and
// reward/countdown.h.
//   correct      reward 1
//   incorrect    reward 0: an answer of the right kind, but a wrong one
//   unparseable  reward 0: no answer tags, or nothing of the right kind between them
//   error        the problem's record is malformed
#ifndef HONE_REWARD_PROCEDURAL_H_
#define HONE_REWARD_PROCEDURAL_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

std::unique_ptr<Verifier> MakeProceduralVerifier();

}  // namespace hone

#endif  // HONE_REWARD_PROCEDURAL_H_
