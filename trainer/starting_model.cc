#include "trainer/starting_model.h"

#include <memory>
#include <utility>

#include "model/hf_folder.h"
#include "model/tokenizer/train.h"
#include "model/weights.h"
#include "model/weights_file.h"
#include "trainer/starting_tokenizer.h"

namespace hone {

StatusOr<StartingModel> MakeStartingModel(const Experiment& experiment) {
  const ModelSpec& spec = experiment.model;
  HONE_ASSIGN_OR_RETURN(Tokenizer tokenizer, MakeStartingTokenizer(experiment));
  if (spec.init) {
    const int32_t end = tokenizer.TokenId(kEndOfText);
    const ModelConfig config = ConfigFromInit(*spec.init, tokenizer.vocab_size(), end);
    const auto read = [config, range = spec.init->initializer_range, seed = experiment.seed](
                          int64_t begin, absl::Span<float> out) {
      InitWeights(config, range, seed, begin, out);
    };
    return StartingModel{config, std::move(tokenizer), std::nullopt, read};
  }
  HONE_ASSIGN_OR_RETURN(const ModelConfig config, LoadModelConfig(spec.path));
  HONE_ASSIGN_OR_RETURN(WeightsFiles opened, WeightsFiles::Open(spec.path, config));
  const auto files = std::make_shared<const WeightsFiles>(std::move(opened));
  HONE_RETURN_IF_ERROR(CheckTokenizerFits(tokenizer, files->config(), spec.path));
  FolderOrigin origin;
  HONE_ASSIGN_OR_RETURN(origin.files, ReadFolderFiles(spec.path));
  origin.format = files->format();
  return StartingModel{files->config(), std::move(tokenizer), std::move(origin),
                       [files](int64_t begin, absl::Span<float> out) { files->Read(begin, out); }};
}

}  // namespace hone
