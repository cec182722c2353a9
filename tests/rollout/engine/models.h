// Small models for tests of the engine and the learner.
#ifndef HONE_TESTS_ROLLOUT_ENGINE_MODELS_H_
#define HONE_TESTS_ROLLOUT_ENGINE_MODELS_H_

#include "model/weights.h"

namespace hone {

// Random weights large enough that the distributions are far from flat.
inline Weights SmallModel(bool tied, uint64_t seed = 5) {
  ModelInit init;
  init.hidden_size = 48;
  init.num_layers = 2;
  init.num_heads = 4;
  init.num_kv_heads = 2;
  init.head_dim = 16;
  init.intermediate_size = 80;
  init.max_position_embeddings = 160;
  init.tie_word_embeddings = tied;
  return InitWeights(ConfigFromInit(init, 67, 0), 0.3, seed);
}

}  // namespace hone

#endif  // HONE_TESTS_ROLLOUT_ENGINE_MODELS_H_
