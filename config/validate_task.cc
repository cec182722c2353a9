#include "config/validate_task.h"

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

void CheckCountdown(Checker& check, const std::string& path, const CountdownSpec& task) {
  check.Between(path + ".num_numbers", task.num_numbers, 2, 4);
  check.Between(path + ".max_number", task.max_number, 1, 1000000);
  check.AtLeast(path + ".min_target", task.min_target, 1);
  check.Require(
      task.max_target >= task.min_target, path + ".max_target",
      absl::StrCat("must be at least min_target, ", task.min_target, ", found ", task.max_target));
  check.AtLeast(path + ".heldout", task.heldout, 0);
  check.OneOf(path + ".prompt_template", task.prompt_template, {"short", "r1_zero"});
}

}  // namespace

void CheckTask(Checker& check, const std::string& path, const TaskSpec& task) {
  check.OneOf(path + ".name", task.name, TaskSpec::Names());
  if (task.name == "countdown") CheckCountdown(check, path, task.countdown);
}

}  // namespace hone
