#include "trainer/learner/flat_parameter.h"

#include <ATen/native/Resize.h>
#ifdef HONE_CUDA
#include <ATen/native/cuda/Resize.h>
#endif

#include <utility>

#include "trainer/learner/shard_layout.h"
#include "trainer/learner/throw_if_error.h"

namespace hone {
namespace {

// The memory of a tensor and of all its views.
void Resize(const torch::Tensor& t, size_t bytes) {
  c10::StorageImpl* const storage = t.storage().unsafeGetStorageImpl();
#ifdef HONE_CUDA
  if (t.is_cuda()) return at::native::resize_bytes_cuda(storage, bytes);
#endif
  at::native::resize_bytes_cpu(storage, bytes);
}
void Allocate(const torch::Tensor& t) { Resize(t, t.nbytes()); }
void Free(const torch::Tensor& t) { Resize(t, 0); }
bool HasMemory(const torch::Tensor& t) { return t.storage().nbytes() > 0; }

}  // namespace

FlatParameter::FlatParameter(std::string name, int64_t size, bool trained, Precision precision,
                             const torch::TensorOptions& whole, Collectives* shards)
    : name_(std::move(name)),
      size_(size),
      shard_size_(ShardSize(size, shards->world().size)),
      precision_(precision),
      shards_(shards),
      shard_(torch::zeros({shard_size_}, whole.dtype(torch::kFloat))) {
  const torch::TensorOptions fp32 = shard_.options();
  const int64_t total = shard_size_ * shards->world().size;
  full_value_ = shard_is_value() ? shard_ : torch::empty({total}, whole);
  value_ = full_value_.narrow(0, 0, size_);
  if (!trained) return;
  shard_gradient_ = torch::zeros({shard_size_}, fp32);
  first_moment_ = torch::zeros({shard_size_}, fp32);
  second_moment_ = torch::zeros({shard_size_}, fp32);
  full_gradient_ = torch::empty({total}, fp32);
  gradient_ = full_gradient_.narrow(0, 0, size_);
}

void FlatParameter::FreeWhole() {
  if (!shard_is_value()) Free(full_value_);
  if (full_gradient_.defined()) Free(full_gradient_);
}

void FlatParameter::StartGather() {
  if (gathering_ || gathers_ > 0 || shard_is_value()) return;
  gathering_ = true;
  Allocate(full_value_);
  if (precision_ == Precision::kFloat32) {
    gather_ = shards_->AllGather(name_, shard_.data_ptr<float>(), shard_size_,
                                 full_value_.data_ptr<float>());
    return;
  }
  half_shard_ = shard_.to(torch::kBFloat16);
  if (alone()) {
    full_value_.copy_(half_shard_);
    return;
  }
  half_value_ = full_value_.scalar_type() == torch::kBFloat16
                    ? full_value_
                    : torch::empty(full_value_.sizes(), half_shard_.options());
  // Two numbers in each float: they are only moved.
  gather_ = shards_->AllGather(name_, static_cast<const float*>(half_shard_.data_ptr()),
                               shard_size_ / 2, static_cast<float*>(half_value_.data_ptr()));
}

void FlatParameter::Gather() {
  StartGather();
  if (gathers_++ > 0 || !gathering_) return;
  gathering_ = false;
  ThrowIfError(gather_.Wait());
  if (half_value_.defined() && !half_value_.is_same(full_value_)) full_value_.copy_(half_value_);
  half_shard_ = half_value_ = torch::Tensor();
}

void FlatParameter::Release() {
  TORCH_CHECK(gathers_ > 0, name_, " was released more often than gathered");
  if (--gathers_ == 0 && !shard_is_value()) Free(full_value_);
}

void FlatParameter::NeedGradient() {
  FinishReduce();
  if (HasMemory(full_gradient_)) return;
  Allocate(full_gradient_);
  full_gradient_.zero_();
}

void FlatParameter::StartReduce() {
  TORCH_CHECK(HasMemory(full_gradient_), name_, " has no gradient to reduce");
  reducing_ = true;
  if (alone()) {
    shard_gradient_.add_(full_gradient_);
    return;
  }
  reduce_ = shards_->ReduceScatterAdd(name_, full_gradient_.data_ptr<float>(), shard_size_,
                                      shard_gradient_.data_ptr<float>());
}

void FlatParameter::FinishReduce() {
  if (!std::exchange(reducing_, false)) return;
  ThrowIfError(reduce_.Wait());
  Free(full_gradient_);
}

}  // namespace hone
