#include "trainer/epochs.h"

#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/task.h"
#include "trainer/demonstrations.h"
#include "trainer/model_prompts.h"
#include "trainer/starting_tokenizer.h"

namespace hone {
namespace {

StatusOr<int> CountSteps(const Experiment& experiment, const SftStage& stage,
                         const Tokenizer& tokenizer) {
  HONE_ASSIGN_OR_RETURN(const PromptTools tools,
                        ModelPromptTools(experiment.model.path, tokenizer));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeTask(stage.source, tools));
  DemonstrationOptions options;
  options.seed = experiment.seed;
  options.count = stage.demonstrations;
  options.context = std::numeric_limits<int64_t>::max();  // the stage itself will tell
  DemonstrationReader reader(tokenizer, *task, options, /*cursor=*/0);
  int64_t steps = 0;
  for (; reader.cursor() < stage.epochs * reader.count(); ++steps) {
    HONE_RETURN_IF_ERROR(reader.NextBatch(stage.batch_tokens).status());
  }
  if (steps > std::numeric_limits<int>::max()) {
    return absl::InvalidArgumentError(
        absl::StrCat("sft: ", stage.epochs, " epochs are ", steps, " steps; lower epochs"));
  }
  return static_cast<int>(steps);
}

}  // namespace

Status ResolveEpochs(Experiment* experiment) {
  std::optional<Tokenizer> tokenizer;
  for (Stage& stage : experiment->stages) {
    if (!stage.sft || stage.sft->epochs == 0) continue;
    if (!tokenizer) {
      HONE_ASSIGN_OR_RETURN(tokenizer, MakeStartingTokenizer(*experiment));
    }
    HONE_ASSIGN_OR_RETURN(stage.sft->steps, CountSteps(*experiment, *stage.sft, *tokenizer));
    stage.sft->epochs = 0;
  }
  return absl::OkStatus();
}

}  // namespace hone
