// The code rewards: the share of a problem's tests that the completion's program passes, run in a
// sandbox (reward/sandbox/cell.h). docs/rewards.md has the rules.
//   correct      all tests passed; reward 1
//   incorrect    some failed; reward is their share, or 0 with credit: all. A program that is at
//                fault in any way (does not compile, fails, exhausts its time, memory or output)
//                fails the tests that this touches
//   unparseable  reward 0: there is no code block
//   timeout      no sandbox was free in time
//   error        the problem's record is malformed, or the sandbox itself failed
// The wanted outputs never enter the sandbox: what a program says is an output, not a verdict.
// Verdicts follow from CPU time, which hardly depends on what else the machine does; wall-clock
// time ends only programs that wait.
#ifndef HONE_REWARD_CODE_H_
#define HONE_REWARD_CODE_H_

#include <memory>

#include "base/status.h"
#include "config/verifier_spec.h"
#include "reward/verifier.h"

namespace hone {

enum class CodeLanguage { kPython, kCpp };

// FailedPrecondition when the machine cannot make a sandbox, with what is missing.
StatusOr<std::unique_ptr<Verifier>> MakeCodeVerifier(CodeLanguage language, const CodeSpec& spec);

}  // namespace hone

#endif  // HONE_REWARD_CODE_H_
