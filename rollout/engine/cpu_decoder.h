// The decoder on the processor. The same kernels, in the same order, as the learner's forward
// (model/transformer), so that log-probs agree to the bit. Runs on the process's thread pool.
#ifndef HONE_ROLLOUT_ENGINE_CPU_DECODER_H_
#define HONE_ROLLOUT_ENGINE_CPU_DECODER_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernels/attention.h"
#include "kernels/matmul.h"
#include "kernels/pointwise.h"
#include "rollout/engine/decoder.h"

namespace hone {

// Matrices packed, what reads one input fused.
class PackedWeights : public DecoderWeights {
 public:
  PackedWeights(const Weights& weights, Precision precision);

 private:
  friend class CpuDecoder;

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

class CpuDecoder : public Decoder {
 public:
  CpuDecoder(const ModelConfig& config, Precision precision, int64_t num_blocks);

  std::shared_ptr<const DecoderWeights> SetWeights(
      std::shared_ptr<const DecoderWeights> weights) override;
  void Forward(absl::Span<const DecoderSpan> spans) override;
  std::unique_ptr<KeptLogits> Keep(int64_t row) override;
  void Draw(absl::Span<const TokenDraw> draws, SampledToken* drawn) override;
  void CopyBlock(int32_t from, int32_t to) override;

  static int64_t BlockBytes(const ModelConfig& config, Precision precision);

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
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

  // Of a block in one layer, as AttentionShape has it.
  float* BlockData(int layer, int32_t block) {
    return blocks_ + (int64_t{layer} * num_blocks_ + block) * attention_.block_floats();
  }
  const float* Logits(const TokenDraw& draw) const;
  int CutIntoParts(absl::Span<const DecoderSpan> spans);
  void ForwardPart(Part* part);
  void Block(const PackedWeights::Layer& layer, int index, Part* part);

  ModelConfig config_;
  Precision precision_;
  AttentionShape attention_;                     // without a window
  std::vector<AttentionShape> layer_attention_;  // [layers]
  RopeTable rope_;
  std::shared_ptr<const PackedWeights> weights_;

  int64_t num_blocks_;
  std::unique_ptr<void, Free> storage_;
  float* blocks_;  // [layers][blocks][block_floats], within storage_

  std::vector<Part> parts_;
  std::vector<float> logits_;  // [wanted tokens][vocab]
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_CPU_DECODER_H_
