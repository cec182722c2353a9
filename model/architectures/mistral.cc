// Mistral 7B (Jiang et al. 2023, arXiv:2310.06825) and what kept its name. Version 0.1 attends to a
// sliding window in all layers, later ones to everything.
#include "model/architectures/architectures.h"

namespace hone {

const Architecture& Mistral() {
  static const Architecture kFamily = {
      .name = "mistral",
      .hf_class = "MistralForCausalLM",
      .qk_norm = false,
      .biases = Architecture::Biases::kNone,
      .window = Architecture::Window::kAll,
      .default_num_kv_heads = 8,
      .default_head_dim = 0,
      .default_max_position_embeddings = 131072,
      .default_sliding_window = 4096,
      .default_max_window_layers = 0,
      .default_eos_token_ids = {2},
  };
  return kFamily;
}

}  // namespace hone
