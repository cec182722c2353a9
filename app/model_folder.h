// The model that a command works with, whole.
#ifndef HONE_APP_MODEL_FOLDER_H_
#define HONE_APP_MODEL_FOLDER_H_

#include <string>

#include "base/status.h"
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

// InvalidArgument for anything but f32, the one type that the CPU kernels compute in.
Status CheckDtype(const std::string& dtype);

// Shapes with names, for benchmarks with random weights: nano (4.85M parameters), mini (27.3M).
StatusOr<ModelConfig> NamedShape(const std::string& name);

}  // namespace hone

#endif  // HONE_APP_MODEL_FOLDER_H_
