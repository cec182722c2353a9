// A task as the command line names it: its name, or a map as in an experiment's `task:`.
#ifndef HONE_APP_TASK_CHOICE_H_
#define HONE_APP_TASK_CHOICE_H_

#include <string>
#include <vector>

#include "base/status.h"
#include "config/task_spec.h"

namespace hone {

// `task`: "sudoku", or "{name: mixture, parts: […]}". `overrides`: "key=value" each, fields of it.
// The task's fields are read where all configuration is; errors name --task.
StatusOr<SourceSpec> ParseTaskChoice(const std::string& task, std::vector<std::string> overrides);

}  // namespace hone

#endif  // HONE_APP_TASK_CHOICE_H_
