// Llama 2 and 3.x (Grattafiori et al. 2024, arXiv:2407.21783), DeepSeek-R1-Distill-Llama. Llama 3.1
// and later scale their RoPE frequencies.
#include "model/architectures/architectures.h"

namespace hone {

const Architecture& Llama() {
  static const Architecture kFamily = {
      .name = "llama",
      .hf_class = "LlamaForCausalLM",
      .qk_norm = false,
      .biases = Architecture::Biases::kAll,
      .window = Architecture::Window::kNone,
      .default_num_kv_heads = 0,
      .default_head_dim = 0,
      .default_max_position_embeddings = 2048,
      .default_sliding_window = 0,
      .default_max_window_layers = 0,
      .default_eos_token_ids = {2},
  };
  return kFamily;
}

}  // namespace hone
