#include "model/published_shapes.h"

#include <utility>

#include "absl/strings/strip.h"

namespace hone {
namespace {

// Sizes of one member of the Qwen2.5 family (Yang et al. 2024, arXiv:2412.15115, table 1, and the
// models' config.json). Heads are 64 or 128 wide, RMSNorm's epsilon is 1e-6.
struct Shape {
  absl::string_view name;
  int vocab_size, hidden_size, num_layers, num_heads, num_kv_heads, intermediate_size;
  int max_position_embeddings;
  double rope_theta;
  bool tied;
};

constexpr Shape kShapes[] = {
    {"Qwen2.5-0.5B", 151936, 896, 24, 14, 2, 4864, 32768, 1e6, true},
    {"Qwen2.5-1.5B", 151936, 1536, 28, 12, 2, 8960, 131072, 1e6, true},
    {"Qwen2.5-7B", 152064, 3584, 28, 28, 4, 18944, 131072, 1e6, false},
    {"Qwen2.5-32B", 152064, 5120, 64, 40, 8, 27648, 131072, 1e6, false},
    {"Qwen2.5-Math-7B", 152064, 3584, 28, 28, 4, 18944, 4096, 1e4, false},
};

ModelConfig ConfigOf(const Shape& shape) {
  ModelInit init;
  init.architecture = "qwen2";
  init.hidden_size = shape.hidden_size;
  init.num_layers = shape.num_layers;
  init.num_heads = shape.num_heads;
  init.num_kv_heads = shape.num_kv_heads;
  init.head_dim = shape.hidden_size / shape.num_heads;
  init.intermediate_size = shape.intermediate_size;
  init.max_position_embeddings = shape.max_position_embeddings;
  init.rope_theta = shape.rope_theta;
  init.tie_word_embeddings = shape.tied;
  return ConfigFromInit(init, shape.vocab_size, /*eos_token_id=*/151643);
}

}  // namespace

std::optional<ModelConfig> PublishedShape(absl::string_view folder) {
  folder = absl::StripSuffix(folder, "/");
  const absl::string_view name = folder.substr(folder.rfind('/') + 1);
  for (const Shape& shape : kShapes) {
    if (shape.name == name) return ConfigOf(shape);
  }
  return std::nullopt;
}

std::vector<std::string> PublishedShapeNames() {
  std::vector<std::string> names;
  for (const Shape& shape : kShapes) names.emplace_back(shape.name);
  return names;
}

}  // namespace hone
