// The model that a command works with, whole.
#ifndef HONE_APP_MODEL_FOLDER_H_
#define HONE_APP_MODEL_FOLDER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "kernels/precision.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights.h"

namespace hone {

struct LoadedModel {
  Weights weights;
  Tokenizer tokenizer;

  const ModelConfig& config() const { return weights.config(); }
};

// InvalidArgument for a folder that is not there.
StatusOr<LoadedModel> LoadModelFolder(const std::string& folder);
// The tokenizer alone.
StatusOr<Tokenizer> LoadTokenizerFolder(const std::string& folder);

// The weights alone, rounded to `precision`; no tokenizer need be there.
StatusOr<Weights> LoadWeightsFolder(const std::string& folder, Precision precision);

// What --dtype names: float32 or bfloat16. InvalidArgument for anything else.
StatusOr<Precision> ParsePrecision(const std::string& dtype);
absl::string_view Name(Precision precision);

// What bfloat16 means, for --help.
inline constexpr char kDtypeHelp[] =
    "float32, or bfloat16: weights and the result of every layer are rounded to bfloat16; sums, "
    "softmax, logits and log-probs stay float32";

// Shapes with names, for benchmarks with random weights: nano (4.85M parameters), mini (27.3M).
StatusOr<ModelConfig> NamedShape(const std::string& name);

}  // namespace hone

#endif  // HONE_APP_MODEL_FOLDER_H_
