#include "trainer/learner/flat_parameter.h"

#include <ATen/native/Resize.h>

#include <utility>

#include "trainer/learner/shard_layout.h"
#include "trainer/learner/throw_if_error.h"

namespace hone {
namespace {

absl::Span<float> Span(const torch::Tensor& t) {
  return {t.data_ptr<float>(), static_cast<size_t>(t.numel())};
}

// The memory of a tensor and of all its views.
void Allocate(const torch::Tensor& t) {
  at::native::resize_bytes_cpu(t.storage().unsafeGetStorageImpl(), t.nbytes());
}
void Free(const torch::Tensor& t) {
  at::native::resize_bytes_cpu(t.storage().unsafeGetStorageImpl(), 0);
}
bool HasMemory(const torch::Tensor& t) { return t.storage().nbytes() > 0; }

}  // namespace

FlatParameter::FlatParameter(std::string name, int64_t size, bool trained, Precision precision,
                             Collectives* shards)
    : name_(std::move(name)),
      size_(size),
      shard_size_(ShardSize(size, shards->world().size)),
      precision_(precision),
      shards_(shards),
      shard_(torch::zeros({shard_size_})) {
  const int64_t total = shard_size_ * shards->world().size;
  full_value_ = shard_is_value() ? shard_ : torch::empty({total});
  value_ = full_value_.narrow(0, 0, size_);
  if (!trained) return;
  shard_gradient_ = torch::zeros({shard_size_});
  first_moment_ = torch::zeros({shard_size_});
  second_moment_ = torch::zeros({shard_size_});
  full_gradient_ = torch::empty({total});
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
  half_value_ = alone() ? half_shard_ : torch::empty(full_value_.sizes(), torch::kBFloat16);
  // Two numbers in each float: they are only moved.
  gather_ = shards_->AllGather(name_, static_cast<const float*>(half_shard_.data_ptr()),
                               shard_size_ / 2, static_cast<float*>(half_value_.data_ptr()));
}

void FlatParameter::Gather() {
  StartGather();
  if (gathers_++ > 0 || !gathering_) return;
  gathering_ = false;
  ThrowIfError(gather_.Wait());
  if (half_value_.defined()) full_value_.copy_(half_value_);
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
  reduce_ = shards_->ReduceScatterAdd(name_, full_gradient_.data_ptr<float>(), shard_size_,
                                      shard_gradient_.data_ptr<float>());
}

void FlatParameter::FinishReduce() {
  if (!std::exchange(reducing_, false)) return;
  ThrowIfError(reduce_.Wait());
  Free(full_gradient_);
}

absl::Span<float> FlatParameter::shard() { return Span(shard_); }
absl::Span<float> FlatParameter::shard_gradient() { return Span(shard_gradient_); }
absl::Span<float> FlatParameter::first_moment() { return Span(first_moment_); }
absl::Span<float> FlatParameter::second_moment() { return Span(second_moment_); }

}  // namespace hone
