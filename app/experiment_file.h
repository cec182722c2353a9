// The experiment that a command is given.
#ifndef HONE_APP_EXPERIMENT_FILE_H_
#define HONE_APP_EXPERIMENT_FILE_H_

#include <string>
#include <vector>

#include "base/status.h"
#include "config/experiment.h"

namespace hone {

// LoadExperiment, with epochs turned into steps; a file that is not there is a usage error
// (InvalidArgument).
StatusOr<Experiment> LoadExperimentFile(const std::string& path,
                                        const std::vector<std::string>& overrides);

}  // namespace hone

#endif  // HONE_APP_EXPERIMENT_FILE_H_
