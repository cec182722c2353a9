// The decoder's forward pass for inference: packed weights, a batch of rows from many sequences,
// keys and values in the paged cache. The same kernels, in the same order, as the learner's forward
// (model/transformer), so that log-probs agree to the bit.
// Thread safety: none; runs on the process's thread pool.
#ifndef HONE_ROLLOUT_ENGINE_DECODER_H_
#define HONE_ROLLOUT_ENGINE_DECODER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "kernels/attention.h"
#include "kernels/matmul.h"
#include "kernels/pointwise.h"
#include "kernels/precision.h"
#include "model/weights.h"
#include "rollout/engine/kv_cache.h"

namespace hone {

// The weights as the decoder wants them: matrices packed, what reads one input fused. Immutable
// once made, so that the next version can be made beside the running one, in any thread.
class PackedWeights {
 public:
  // Packs for a decoder of this precision; `weights` need not outlive it. In bfloat16 they must be
  // rounded (RoundWeights).
  PackedWeights(const Weights& weights, Precision precision);

 private:
  friend class Decoder;

  // A matrix with its bias, which is empty when the architecture has none.
  struct Projection {
    PackedMatrix weight;
    std::vector<float> bias;
  };
  struct Layer {
    std::vector<float> input_norm, post_norm, q_norm, k_norm;  // the latter two may be empty
    Projection qkv, output, gate_up, down;
  };

  std::vector<float> embedding_, final_norm_;
  PackedMatrix head_;
  std::vector<Layer> layers_;
};

// Consecutive tokens of one sequence that go through the model in this pass.
struct DecoderSpan {
  const int32_t* tokens;
  int64_t count;
  int64_t first_position;
  const std::vector<int32_t>* blocks;  // enough for first_position + count tokens
  int64_t num_logits;                  // of so many of its last tokens
};

// What the cache of a decoder holds.
AttentionShape CacheShape(const ModelConfig& config, Precision precision);

class Decoder {
 public:
  Decoder(const ModelConfig& config, Precision precision);

  // From the next pass on. Returns those that were in use before, null at first.
  std::shared_ptr<const PackedWeights> SetWeights(std::shared_ptr<const PackedWeights> weights);

  // Writes the new keys and values into the cache. Returns logits [wanted tokens][stride],
  // valid (and writable) until the next call.
  float* Forward(absl::Span<const DecoderSpan> spans, KvCache* cache);

  int64_t logits_stride() const { return (config_.vocab_size + 15) / 16 * 16; }
  const AttentionShape& attention_shape() const { return attention_; }

 private:
  // Some of a pass's spans, with their activations, [rows][…], which only grow.
  struct Part {
    absl::Span<const DecoderSpan> spans;
    int64_t rows;
    float* logits;
    std::vector<int32_t> tokens, positions;
    std::vector<float> x, normed, qkv, attended, gate_up, activated;
    std::vector<const float*> block_pointers;
    std::vector<AttentionQueries> queries;
  };

  int CutIntoParts(absl::Span<const DecoderSpan> spans);
  void ForwardPart(Part* part, KvCache* cache);
  void Block(const PackedWeights::Layer& layer, int index, Part* part, KvCache* cache);

  ModelConfig config_;
  Precision precision_;
  AttentionShape attention_;                     // without a window
  std::vector<AttentionShape> layer_attention_;  // [layers]
  RopeTable rope_;
  std::shared_ptr<const PackedWeights> weights_;
  std::vector<Part> parts_;
  std::vector<float> logits_;
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_DECODER_H_
