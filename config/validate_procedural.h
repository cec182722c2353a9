// Every constraint on the difficulty of procedural tasks.
#ifndef HONE_CONFIG_VALIDATE_PROCEDURAL_H_
#define HONE_CONFIG_VALIDATE_PROCEDURAL_H_

#include <string>
#include <vector>

#include "config/checker.h"
#include "config/procedural_spec.h"

namespace hone {

// Whether the task's name is one of ProceduralSpec::Names().
bool IsProcedural(const ProceduralSpec& task);

// Of the keys that `task.name` has; none for other names. `path` is the task's.
void CheckProcedural(Checker& check, const std::string& path, const ProceduralSpec& task);

void CheckMixture(Checker& check, const std::string& path, const std::vector<MixturePart>& parts);

}  // namespace hone

#endif  // HONE_CONFIG_VALIDATE_PROCEDURAL_H_
