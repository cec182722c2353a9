// The border between tensor code, which throws, and the rest, which returns Status.
#ifndef HONE_TRAINER_TORCH_GUARD_H_
#define HONE_TRAINER_TORCH_GUARD_H_

#include "absl/functional/function_ref.h"
#include "base/status.h"

namespace hone {

// Runs `body` with LibTorch's own thread pool off (the kernels have the process's one pool), and
// turns its exceptions into Internal errors (ResourceExhausted when memory ran out).
Status CatchTorch(absl::FunctionRef<Status()> body);

}  // namespace hone

#endif  // HONE_TRAINER_TORCH_GUARD_H_
