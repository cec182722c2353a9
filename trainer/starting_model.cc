#include "trainer/starting_model.h"

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

const TaskSpec& FirstTask(const Experiment& experiment) {
  const Stage& stage = experiment.stages.front();
  return stage.sft ? stage.sft->task : stage.grpo->task;
}

}  // namespace

StatusOr<StartingModel> MakeStartingModel(const Experiment& experiment) {
  const ModelSpec& spec = experiment.model;
  if (!spec.init) {
    HONE_ASSIGN_OR_RETURN(const ModelConfig config, LoadModelConfig(spec.path));
    HONE_ASSIGN_OR_RETURN(Tokenizer tokenizer, LoadTokenizer(spec.path));
    HONE_RETURN_IF_ERROR(CheckTokenizerFits(tokenizer, config, spec.path));
    HONE_ASSIGN_OR_RETURN(Weights weights, LoadWeights(spec.path, config));
    return StartingModel{std::move(weights), std::move(tokenizer)};
  }
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeTask(FirstTask(experiment)));
  std::vector<std::string> texts;
  for (int i = 0; i < kTokenizerTexts; ++i) {
    HONE_ASSIGN_OR_RETURN(const Demonstration demonstration,
                          task->MakeDemonstration(experiment.seed, i));
    texts.push_back(demonstration.prompt + demonstration.completion);
  }
  HONE_ASSIGN_OR_RETURN(const std::string json,
                        TrainTokenizer(spec.tokenizer, texts, task->added_tokens()));
  HONE_ASSIGN_OR_RETURN(Tokenizer tokenizer, Tokenizer::FromJson(json, "the new tokenizer"));
  const int32_t end = tokenizer.TokenId(kEndOfText);
  const ModelConfig config = ConfigFromInit(*spec.init, tokenizer.vocab_size(), end);
  Weights weights = InitWeights(config, spec.init->initializer_range, experiment.seed);
  return StartingModel{std::move(weights), std::move(tokenizer)};
}

}  // namespace hone
