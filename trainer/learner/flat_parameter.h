// The weights of one unit of the model (a transformer block, the embedding, the final norm with the
// head) as one flat vector, sharded over the ranks: ZeRO-3. Each rank keeps the fp32 master
// weights, the gradient and the AdamW moments of its shard only; the whole vector exists between
// Gather() and Release().
//
// With a single rank the shard is the whole, and gathering copies nothing.
#ifndef HONE_TRAINER_LEARNER_FLAT_PARAMETER_H_
#define HONE_TRAINER_LEARNER_FLAT_PARAMETER_H_

#include <torch/torch.h>

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "cluster/collectives.h"

namespace hone {

class FlatParameter {
 public:
  // Takes its shard of `values` (the whole vector, the same on every rank).
  FlatParameter(std::string name, absl::Span<const float> values, Collectives* collectives);

  const std::string& name() const { return name_; }
  int64_t size() const { return size_; }              // of the whole, without padding
  int64_t shard_size() const { return shard_size_; }  // size / ranks, rounded up

  // The whole vector, [size]. Gathers nest: released by as many Release().
  torch::Tensor Gather();
  void Release();

  // The whole gradient of this rank's tokens, [size]; zero at first. Lives until ReduceGradient(),
  // which leaves the sum over ranks of this rank's part in shard_gradient().
  torch::Tensor Gradient();
  void ReduceGradient();

  // This rank's shards, [shard_size]; the tail of the last rank may be padding (zeros).
  absl::Span<float> shard();
  absl::Span<float> shard_gradient();
  absl::Span<float> first_moment();
  absl::Span<float> second_moment();

 private:
  std::string name_;
  int64_t size_;
  int64_t shard_size_;
  Collectives* collectives_;
  torch::Tensor shard_, shard_gradient_, first_moment_, second_moment_;
  torch::Tensor full_, full_gradient_;
  int gathers_ = 0;
};

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_FLAT_PARAMETER_H_
