// The choice reward: is the letter that the completion chooses the problem's? docs/rewards.md says
// which ways to name a letter are read, and where.
//   correct      reward 1
//   incorrect    reward 0: another letter, or several of them
//   unparseable  reward 0: no letter is chosen
//   error        the problem's own answer is no letter, or one beyond num_choices
// The answer is a letter, or an object with the choices' texts, which completions may then give in
// place of letters: {"answer": "B", "choices": ["London", "Paris"]}.
#ifndef HONE_REWARD_CHOICE_H_
#define HONE_REWARD_CHOICE_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

std::unique_ptr<Verifier> MakeChoiceVerifier(const ChoiceSpec& spec);

}  // namespace hone

#endif  // HONE_REWARD_CHOICE_H_
