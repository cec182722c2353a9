// Qwen2 and Qwen2.5 (Yang et al. 2024, arXiv:2412.15115), DeepSeek-R1-Distill-Qwen: biases on q, k
// and v.
#include "model/architectures/architectures.h"

namespace hone {

const Architecture& Qwen2() {
  static const Architecture kFamily = {
      .name = "qwen2",
      .hf_class = "Qwen2ForCausalLM",
      .qk_norm = false,
      .biases = Architecture::Biases::kQkv,
      .window = Architecture::Window::kByLayers,
      .default_num_kv_heads = 32,
      .default_head_dim = 0,
      .default_max_position_embeddings = 32768,
      .default_sliding_window = 4096,
      .default_max_window_layers = 28,
      .default_eos_token_ids = {},
  };
  return kFamily;
}

}  // namespace hone
