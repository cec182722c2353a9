// What sets one decoder family apart from another. All of them are pre-norm decoders with RMSNorm,
// grouped-query attention with half-split RoPE, and SwiGLU; a family is one page in
// model/architectures/, and everything else (tensors, config.json, the rollout engine's decoder,
// the learner's block) follows from it. docs/adding-a-model.md says how to add one. Torch-free.
#ifndef HONE_MODEL_ARCHITECTURE_H_
#define HONE_MODEL_ARCHITECTURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hone {

struct Architecture {
  const char* name;      // `model_type` in config.json
  const char* hf_class;  // its one entry of `architectures`

  // Norms and biases.
  bool qk_norm;  // RMSNorm of each head of q and k, before RoPE
  enum class Biases {
    kNone,       // none in the file, and a field that asks for them is not read
    kQkv,        // always on q, k and v
    kAttention,  // on q, k, v and o if `attention_bias` says so
    kAll,        // those, and on gate, up and down if `mlp_bias` says so
  } biases;

  // Which layers see only the last `sliding_window` tokens.
  enum class Window {
    kNone,      // none, ever
    kAll,       // all of them, unless the field is null
    kByLayers,  // with `use_sliding_window`: as `layer_types` lists them, else from
                // `max_window_layers` on
  } window;

  // What transformers takes when config.json leaves a field out.
  int default_num_kv_heads;  // 0: num_attention_heads
  int default_head_dim;      // 0: hidden_size / num_attention_heads
  int default_max_position_embeddings;
  int default_sliding_window;
  int default_max_window_layers;
  std::vector<int32_t> default_eos_token_ids;
};

// All families, in order of their names.
absl::Span<const Architecture* const> AllArchitectures();

// Null when there is none with this `model_type`.
const Architecture* FindArchitecture(absl::string_view name);

// "llama, mistral, …", for messages.
std::string ArchitectureNames();

}  // namespace hone

#endif  // HONE_MODEL_ARCHITECTURE_H_
