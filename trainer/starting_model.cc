#include "trainer/starting_model.h"

#include <utility>

#include "model/hf_folder.h"
#include "model/tokenizer/train.h"
#include "trainer/starting_tokenizer.h"

namespace hone {

StatusOr<StartingModel> MakeStartingModel(const Experiment& experiment) {
  const ModelSpec& spec = experiment.model;
  if (!spec.init) {
    HONE_ASSIGN_OR_RETURN(Tokenizer tokenizer, MakeStartingTokenizer(experiment));
    HONE_ASSIGN_OR_RETURN(HfModel model, LoadHfFolder(spec.path));
    HONE_RETURN_IF_ERROR(CheckTokenizerFits(tokenizer, model.weights.config(), spec.path));
    return StartingModel{std::move(model.weights), std::move(tokenizer), std::move(model.origin)};
  }
  HONE_ASSIGN_OR_RETURN(Tokenizer tokenizer, MakeStartingTokenizer(experiment));
  const int32_t end = tokenizer.TokenId(kEndOfText);
  const ModelConfig config = ConfigFromInit(*spec.init, tokenizer.vocab_size(), end);
  Weights weights = InitWeights(config, spec.init->initializer_range, experiment.seed);
  return StartingModel{std::move(weights), std::move(tokenizer), std::nullopt};
}

}  // namespace hone
