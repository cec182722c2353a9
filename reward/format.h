// The R1-Zero format: thinking in <think>…</think>, then <answer>…</answer>, and nothing else.
//   text </think> [space] <answer> answer </answer> [space]
// after a prompt that ends with "<think>" (space may follow it); after any other prompt the
// completion must begin with "<think>" itself. Each tag stands once, and the answer is not blank.
// Reward 1 and `correct`, or 0 and `unparseable`.
#ifndef HONE_REWARD_FORMAT_H_
#define HONE_REWARD_FORMAT_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

std::unique_ptr<Verifier> MakeFormatVerifier();

}  // namespace hone

#endif  // HONE_REWARD_FORMAT_H_
