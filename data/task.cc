#include "data/task.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/validate_procedural.h"
#include "data/dataset.h"
#include "data/gsm8k.h"
#include "data/procedural/mixture.h"
#include "data/procedural/procedural_task.h"

namespace hone {

StatusOr<std::string> Task::SampleText(uint64_t seed, uint64_t index) const {
  HONE_ASSIGN_OR_RETURN(const Demonstration demonstration, MakeDemonstration(seed, index));
  return demonstration.prompt + demonstration.completion;
}

StatusOr<std::unique_ptr<Task>> MakeTask(const SourceSpec& source, const PromptTools& tools) {
  if (source.data) return MakeDataset(*source.data, tools);
  const TaskSpec spec = source.task.value_or(TaskSpec());
  if (spec.name == "mixture") return MakeMixture(spec.parts);
  if (spec.name == "gsm8k") return MakeDataset(Gsm8kData(spec.gsm8k), tools);
  if (IsProcedural(spec)) return MakeProcedural(spec);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown task \"", spec.name, "\"; one of: ", absl::StrJoin(TaskSpec::Names(), ", ")));
}

}  // namespace hone
