#include "trainer/torch_guard.h"

#include <torch/torch.h>

#include <new>

#include "absl/strings/str_cat.h"

namespace hone {

Status CatchTorch(absl::FunctionRef<Status()> body) {
  at::set_num_threads(1);
  try {
    return body();
  } catch (const c10::OutOfMemoryError& e) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the GPU is out of memory; lower resources.trainer.micro_batch_tokens, or set recompute: "
        "true: ",
        e.what_without_backtrace()));
  } catch (const c10::Error& e) {
    return absl::InternalError(absl::StrCat("learner: ", e.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        "out of memory; lower resources.trainer.micro_batch_tokens, or set recompute: true");
  }
}

}  // namespace hone
