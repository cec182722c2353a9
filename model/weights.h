// All tensors of a model in fp32, in one flat buffer in the order of TensorSpecs(). Torch-free:
// what a rollout worker decodes with, and what is published between the roles. The buffer is in
// memory, or it is a file that is only read.
#ifndef HONE_MODEL_WEIGHTS_H_
#define HONE_MODEL_WEIGHTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/file.h"
#include "base/status.h"
#include "kernels/precision.h"
#include "model/config.h"

namespace hone {

class Weights {
 public:
  Weights() = default;
  explicit Weights(const ModelConfig& config);  // zeros
  // A file of just the buffer's bytes; copies share it. Weights of this kind cannot be changed:
  // flat() and tensor() of a non-const one are programming errors (CHECK).
  static StatusOr<Weights> Map(const ModelConfig& config, const std::string& path);

  const ModelConfig& config() const { return config_; }
  const std::vector<TensorSpec>& specs() const { return specs_; }

  absl::Span<float> flat();
  absl::Span<const float> flat() const;

  // The tensor with this index in specs().
  absl::Span<float> tensor(int index);
  absl::Span<const float> tensor(int index) const;
  // By name; a name that is not in specs() is a programming error (CHECK).
  absl::Span<const float> tensor(absl::string_view name) const;
  int64_t offset(int index) const { return offsets_[index]; }  // in floats, into flat()

 private:
  void SetConfig(const ModelConfig& config);  // and what follows from it

  ModelConfig config_;
  std::vector<TensorSpec> specs_;
  std::vector<int64_t> offsets_;
  std::vector<float> data_;
  std::shared_ptr<const MappedFile> file_;  // in place of data_
};

// Rounds every weight; does nothing in fp32.
void RoundWeights(Precision precision, Weights* weights);

// Normal(0, initializer_range) for matrices and the embedding, ones for norms, zeros for biases;
// the output projections o_proj and down_proj are scaled by 1/sqrt(2·layers). A pure function of
// the seed.
Weights InitWeights(const ModelConfig& config, double initializer_range, uint64_t seed);
// Only [begin, begin + out.size()) of the flat buffer.
void InitWeights(const ModelConfig& config, double initializer_range, uint64_t seed, int64_t begin,
                 absl::Span<float> out);

}  // namespace hone

#endif  // HONE_MODEL_WEIGHTS_H_
