#include "data/task.h"

#include "absl/strings/str_cat.h"
#include "data/countdown.h"

namespace hone {

StatusOr<std::unique_ptr<Task>> MakeTask(const TaskSpec& spec) {
  if (spec.name == "countdown") return MakeCountdown(spec.countdown);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown task \"", spec.name, "\"; one of: countdown"));
}

}  // namespace hone
