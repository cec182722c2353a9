// The weights of one unit of the model (trainer/learner/shard_layout.h) as one flat vector, sharded
// over ranks: ZeRO-3 (Rajbhandari et al. 2020). Each rank keeps the fp32 master weights, the
// gradient and the AdamW moments of its shard only; the whole vector has memory between Gather()
// and Release(), the whole gradient of a micro-batch between NeedGradient() and FinishReduce().
//
// Gathering and reducing run beside the arithmetic: StartGather() and StartReduce() begin, Gather()
// and FinishReduce() wait. With a single rank the shard is the whole, and gathering copies nothing.
// Errors of communication throw c10::Error. Thread safety: none.
#ifndef HONE_TRAINER_LEARNER_FLAT_PARAMETER_H_
#define HONE_TRAINER_LEARNER_FLAT_PARAMETER_H_

#include <torch/torch.h>

#include <cstdint>
#include <string>

#include "cluster/collectives.h"
#include "kernels/precision.h"

namespace hone {

class FlatParameter {
 public:
  // All zeros, on the device of `whole`, whose type value() has. Without `trained` there are
  // weights only. In bfloat16 the gathered weights are rounded, and travel in half the bytes; the
  // shard stays fp32.
  FlatParameter(std::string name, int64_t size, bool trained, Precision precision,
                const torch::TensorOptions& whole, Collectives* shards);

  // To be called once the views of value() and gradient() are made: torch makes none of a tensor
  // without memory.
  void FreeWhole();

  const std::string& name() const { return name_; }
  int64_t size() const { return size_; }              // of the whole, without padding
  int64_t shard_size() const { return shard_size_; }  // with padding

  // The whole vector and the whole gradient of this rank's micro-batch, [size]: always the same
  // tensors, so that views of them (also those that autograd keeps) live as long as this. But they
  // have memory only between the calls below. `gradient` is undefined without `trained`.
  const torch::Tensor& value() const { return value_; }
  const torch::Tensor& gradient() const { return gradient_; }

  // Gives value() its memory and content. Gathers nest: released by as many Release().
  // StartGather() only begins one; it need not be called.
  void StartGather();
  void Gather();
  void Release();

  // Gives gradient() its memory, zeros, unless it has it. StartReduce() gives the gradient away:
  // the sum over ranks is added to shard_gradient(), in rank order, until FinishReduce().
  void NeedGradient();
  void StartReduce();
  void FinishReduce();

  // This rank's shards, fp32 [shard_size]; the tail of the last rank may be padding (zeros).
  const torch::Tensor& shard() const { return shard_; }
  const torch::Tensor& shard_gradient() const { return shard_gradient_; }
  const torch::Tensor& first_moment() const { return first_moment_; }
  const torch::Tensor& second_moment() const { return second_moment_; }

 private:
  bool alone() const { return shards_->world().size == 1; }
  // In a world of one the shard itself serves as the whole, if nothing is to be rounded.
  bool shard_is_value() const { return alone() && precision_ == Precision::kFloat32; }

  std::string name_;
  int64_t size_, shard_size_;
  Precision precision_;
  Collectives* shards_;
  torch::Tensor shard_, shard_gradient_, first_moment_, second_moment_;
  torch::Tensor full_value_, full_gradient_;  // with padding; storage comes and goes
  torch::Tensor value_, gradient_;            // their views without padding
  torch::Tensor half_shard_, half_value_;     // bfloat16, while they travel
  Pending gather_, reduce_;
  int gathers_ = 0;
  bool gathering_ = false, reducing_ = false;
};

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_FLAT_PARAMETER_H_
