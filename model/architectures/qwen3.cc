// Qwen3, dense (Yang et al. 2025, arXiv:2505.09388): norms of q and k take the place of Qwen2's
// biases, and a head's width is its own number.
#include "model/architectures/architectures.h"

namespace hone {

const Architecture& Qwen3() {
  static const Architecture kFamily = {
      .name = "qwen3",
      .hf_class = "Qwen3ForCausalLM",
      .qk_norm = true,
      .biases = Architecture::Biases::kAttention,
      .window = Architecture::Window::kByLayers,
      .default_num_kv_heads = 32,
      .default_head_dim = 128,
      .default_max_position_embeddings = 32768,
      .default_sliding_window = 4096,
      .default_max_window_layers = 28,
      .default_eos_token_ids = {},
  };
  return kFamily;
}

}  // namespace hone
