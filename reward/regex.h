// The regex reward: does the text match a regular expression? The expression is the `pattern` of
// the experiment or, where that is empty, the problem's own answer; its syntax is RE2's
// (https://github.com/google/re2/wiki/Syntax), which matches in time linear in the text. What is
// matched: the final answer (FinalAnswer in reward/final_answer.h) or the whole completion; all of
// it, or any part of it.
//   correct      reward 1
//   incorrect    reward 0: no match, or more than 1 MiB of text
//   unparseable  reward 0: nothing is said
//   error        the problem's own answer is no regular expression, or needs too much memory
#ifndef HONE_REWARD_REGEX_H_
#define HONE_REWARD_REGEX_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

// InvalidArgument for a pattern that is no regular expression, with RE2's reason.
StatusOr<std::unique_ptr<Verifier>> MakeRegexVerifier(const RegexSpec& spec);

}  // namespace hone

#endif  // HONE_REWARD_REGEX_H_
