// Shapes of models that recipes name, as their publishers' config.json give them: enough to say
// what a run will need before its weights are on the machine. Torch-free.
#ifndef HONE_MODEL_PUBLISHED_SHAPES_H_
#define HONE_MODEL_PUBLISHED_SHAPES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/config.h"

namespace hone {

// The shape of the model that a folder is named after, e.g. "models/Qwen2.5-7B"; nothing for any
// other name.
std::optional<ModelConfig> PublishedShape(absl::string_view folder);

// The names that are known.
std::vector<std::string> PublishedShapeNames();

}  // namespace hone

#endif  // HONE_MODEL_PUBLISHED_SHAPES_H_
