#include "trainer/coordinator/published_weights.h"

#include "absl/strings/str_cat.h"
#include "model/safetensors.h"

namespace hone {

StatusOr<PublishedWeights> DescribeWeights(uint64_t version, const ModelConfig& config,
                                           const std::vector<WeightsSource>& sources) {
  std::vector<NamedTensor> tensors;
  int64_t num_floats = 0;
  for (const TensorSpec& spec : TensorSpecs(config)) {
    tensors.push_back({.name = spec.name, .dtype = DType::kF32, .shape = spec.shape});
    num_floats += spec.size();
  }
  HONE_RETURN_IF_ERROR(CheckTiling(sources, num_floats));
  PublishedWeights published{.version = version, .vocab_size = config.vocab_size, .manifest = {}};
  published.manifest.set_header(MakeSafetensorsHeader(
      tensors, {{"policy_version", absl::StrCat(version)}, {"config", ModelConfigToJson(config)}}));
  for (const WeightsSource& source : sources) {
    if (source.policy_version != version) {
      return absl::InvalidArgumentError(absl::StrCat("version ", version, " is to be published, ",
                                                     source.address, " has version ",
                                                     source.policy_version));
    }
    *published.manifest.add_sources() = ToProto(source);
  }
  return published;
}

}  // namespace hone
