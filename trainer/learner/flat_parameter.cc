#include "trainer/learner/flat_parameter.h"

#include <algorithm>
#include <utility>

namespace hone {
namespace {

absl::Span<float> Span(const torch::Tensor& t) {
  return {t.data_ptr<float>(), static_cast<size_t>(t.numel())};
}

void Check(const Status& status, const std::string& name) {
  TORCH_CHECK(status.ok(), name, ": ", std::string(status.message()));
}

}  // namespace

FlatParameter::FlatParameter(std::string name, absl::Span<const float> values,
                             Collectives* collectives)
    : name_(std::move(name)),
      size_(static_cast<int64_t>(values.size())),
      collectives_(collectives) {
  const World world = collectives->world();
  shard_size_ = (size_ + world.size - 1) / world.size;
  shard_ = torch::zeros({shard_size_});
  shard_gradient_ = torch::zeros({shard_size_});
  first_moment_ = torch::zeros({shard_size_});
  second_moment_ = torch::zeros({shard_size_});
  const int64_t begin = std::min(size_, world.rank * shard_size_);
  const int64_t end = std::min(size_, begin + shard_size_);
  std::copy(values.begin() + begin, values.begin() + end, shard_.data_ptr<float>());
}

torch::Tensor FlatParameter::Gather() {
  if (gathers_++ == 0) {
    const int ranks = collectives_->world().size;
    full_ = ranks == 1 ? shard_ : torch::empty({ranks * shard_size_});
    Check(collectives_->AllGather(shard_.data_ptr<float>(), shard_size_, full_.data_ptr<float>()),
          name_);
  }
  return full_.narrow(0, 0, size_);
}

void FlatParameter::Release() {
  TORCH_CHECK(gathers_ > 0, name_, " was released more often than gathered");
  if (--gathers_ == 0) full_ = torch::Tensor();
}

torch::Tensor FlatParameter::Gradient() {
  if (!full_gradient_.defined()) {
    const int ranks = collectives_->world().size;
    full_gradient_ = ranks == 1 ? shard_gradient_ : torch::empty({ranks * shard_size_});
    full_gradient_.zero_();
  }
  return full_gradient_.narrow(0, 0, size_);
}

void FlatParameter::ReduceGradient() {
  TORCH_CHECK(full_gradient_.defined(), name_, " has no gradient to reduce");
  Check(collectives_->ReduceScatter(full_gradient_.data_ptr<float>(), shard_size_,
                                    shard_gradient_.data_ptr<float>()),
        name_);
  full_gradient_ = torch::Tensor();
}

absl::Span<float> FlatParameter::shard() { return Span(shard_); }
absl::Span<float> FlatParameter::shard_gradient() { return Span(shard_gradient_); }
absl::Span<float> FlatParameter::first_moment() { return Span(first_moment_); }
absl::Span<float> FlatParameter::second_moment() { return Span(second_moment_); }

}  // namespace hone
