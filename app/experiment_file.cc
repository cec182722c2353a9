#include "app/experiment_file.h"

#include "config/load.h"
#include "trainer/epochs.h"

namespace hone {

StatusOr<Experiment> LoadExperimentFile(const std::string& path,
                                        const std::vector<std::string>& overrides) {
  StatusOr<Experiment> experiment = LoadExperiment(path, overrides);
  if (absl::IsNotFound(experiment.status())) {
    return absl::InvalidArgumentError(experiment.status().message());
  }
  if (!experiment.ok()) return experiment;
  const Experiment written = *experiment;
  HONE_RETURN_IF_ERROR(ResolveEpochs(&*experiment));
  if (*experiment == written) return experiment;
  // The schedule must fit the steps.
  return ParseExperiment(ToYaml(*experiment), path + ", its epochs written as steps", {});
}

}  // namespace hone
