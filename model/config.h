// Shapes and variants of a decoder, as config.json gives them. Torch-free.
#ifndef HONE_MODEL_CONFIG_H_
#define HONE_MODEL_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "config/experiment.h"
#include "kernels/precision.h"
#include "kernels/rope_table.h"

namespace hone {

struct ModelConfig {
  std::string architecture;  // its family's name (model/architecture.h)
  int vocab_size = 0;
  int hidden_size = 0;
  int num_layers = 0;
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;
  int intermediate_size = 0;
  int max_position_embeddings = 0;
  double rope_theta = 10000.0;
  std::optional<Llama3Scaling> rope_scaling;
  double rms_norm_eps = 1e-6;
  bool tie_word_embeddings = false;
  bool qk_norm = false;               // norms of each head of q and k
  bool qkv_bias = false;              // biases of q, k and v
  bool output_bias = false;           // bias of o
  bool mlp_bias = false;              // biases of gate, up and down
  int sliding_window = 0;             // tokens that a layer with a window sees; 0: there is none
  std::vector<bool> windowed_layers;  // [num_layers], empty without a window
  std::vector<int32_t> eos_token_ids;
  int32_t pad_token_id = -1;  // -1: none

  int query_size() const { return num_heads * head_dim; }
  int kv_size() const { return num_kv_heads * head_dim; }
  // Of this layer's attention; 0: it sees all tokens.
  int window(int layer) const {
    return sliding_window > 0 && windowed_layers[layer] ? sliding_window : 0;
  }
};

// A tensor that the architecture has, by its Hugging Face name.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;

  int64_t size() const;  // elements
};

// The tensors of one block, their names without "model.layers.N.": the order of its flat
// parameter. Weights that are used stacked (q, k, v; gate, up) are next to one another, and so are
// their biases.
std::vector<TensorSpec> BlockTensorSpecs(const ModelConfig& config);

// Floats of one block.
int64_t BlockSize(const ModelConfig& config);

// Every tensor of the model, in the one order used everywhere (embedding, blocks 0 … n-1, final
// norm, head unless tied): flat parameters, published weights and files follow it.
std::vector<TensorSpec> TensorSpecs(const ModelConfig& config);

int64_t NumParameters(const ModelConfig& config);

// Reads config.json as transformers 4 and 5 write it, with transformers' defaults for what is
// absent. Errors name the file and the field: unknown architecture, missing or ill-typed field,
// shapes that do not fit together, a setting that would change the mathematics and is not built.
StatusOr<ModelConfig> ParseModelConfig(const std::string& json, const std::string& file);

// What transformers 4 and 5 both load.
std::string ModelConfigToJson(const ModelConfig& config);

// What the experiment's model computes in.
Precision PrecisionOf(const ModelSpec& model);

ModelConfig ConfigFromInit(const ModelInit& init, int vocab_size, int32_t eos_token_id);

}  // namespace hone

#endif  // HONE_MODEL_CONFIG_H_
