#include "trainer/coordinator/published_weights.h"

#include <bit>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/safetensors.h"

namespace hone {

static_assert(std::endian::native == std::endian::little, "safetensors are little endian");

PublishedWeights::PublishedWeights(uint64_t version, std::shared_ptr<const Weights> weights)
    : version_(version), weights_(std::move(weights)) {
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : weights_->specs()) {
    tensors.push_back({.name = spec.name, .dtype = DType::kF32, .shape = spec.shape});
  }
  header_ = MakeSafetensorsHeader(tensors, {{"policy_version", absl::StrCat(version)},
                                            {"config", ModelConfigToJson(weights_->config())}});
}

absl::string_view PublishedWeights::bytes() const {
  const absl::Span<const float> flat = std::as_const(*weights_).flat();
  return {reinterpret_cast<const char*>(flat.data()), flat.size() * sizeof(float)};
}

}  // namespace hone
