// Every constraint on where problems come from.
#ifndef HONE_CONFIG_VALIDATE_TASK_H_
#define HONE_CONFIG_VALIDATE_TASK_H_

#include <string>

#include "config/checker.h"
#include "config/task_spec.h"

namespace hone {

void CheckTask(Checker& check, const std::string& path, const TaskSpec& task);

}  // namespace hone

#endif  // HONE_CONFIG_VALIDATE_TASK_H_
