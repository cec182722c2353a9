#include "app/experiment_file.h"

#include "config/load.h"

namespace hone {

StatusOr<Experiment> LoadExperimentFile(const std::string& path,
                                        const std::vector<std::string>& overrides) {
  StatusOr<Experiment> experiment = LoadExperiment(path, overrides);
  if (absl::IsNotFound(experiment.status())) {
    return absl::InvalidArgumentError(experiment.status().message());
  }
  return experiment;
}

}  // namespace hone
