#include "trainer/starting_tokenizer.h"

#include <memory>
#include <string>
#include <vector>

#include "data/task.h"
#include "model/hf_folder.h"
#include "model/tokenizer/train.h"

namespace hone {
namespace {

// Enough text for the merges of a small vocabulary to settle.
constexpr int kTokenizerTexts = 2000;

}  // namespace

StatusOr<Tokenizer> MakeStartingTokenizer(const Experiment& experiment) {
  const ModelSpec& spec = experiment.model;
  if (!spec.init) return LoadTokenizer(spec.path);
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task,
                        MakeTask(experiment.stages.front().source(), TextOnlyTools()));
  std::vector<std::string> texts;
  for (int i = 0; i < kTokenizerTexts; ++i) {
    HONE_ASSIGN_OR_RETURN(texts.emplace_back(), task->SampleText(experiment.seed, i));
  }
  HONE_ASSIGN_OR_RETURN(const std::string json,
                        TrainTokenizer(spec.tokenizer, texts, task->added_tokens()));
  return Tokenizer::FromJson(json, "the new tokenizer");
}

}  // namespace hone
