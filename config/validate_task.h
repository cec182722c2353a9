// Every constraint on where problems come from.
#ifndef HONE_CONFIG_VALIDATE_TASK_H_
#define HONE_CONFIG_VALIDATE_TASK_H_

#include <string>
#include <vector>

#include "config/checker.h"
#include "config/task_spec.h"

namespace hone {

// `path` is that of the stage, empty for a source alone. `heldout_problems`: how many are to be
// measured.
void CheckSource(Checker& check, const std::string& path, const SourceSpec& source,
                 int heldout_problems);

}  // namespace hone

#endif  // HONE_CONFIG_VALIDATE_TASK_H_
