#include "rollout/weights_receiver.h"

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/weights_source.h"
#include "model/json.h"
#include "model/safetensors.h"

namespace hone {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little endian");

constexpr char kWhat[] = "published weights";
constexpr size_t kMaxHeaderBytes = 32 << 20;

// The tensors must lie in the order of Weights, so that the data is its flat buffer.
Status CheckLayout(const SafetensorsHeader& header, const Weights& weights) {
  if (header.tensors.size() != weights.specs().size()) {
    return absl::InvalidArgumentError(absl::StrCat(kWhat, ": ", header.tensors.size(),
                                                   " tensors, but the model has ",
                                                   weights.specs().size()));
  }
  for (size_t i = 0; i < weights.specs().size(); ++i) {
    const TensorSpec& spec = weights.specs()[i];
    const auto it = header.tensors.find(spec.name);
    const uint64_t begin = weights.offset(static_cast<int>(i)) * sizeof(float);
    if (it == header.tensors.end() || it->second.dtype != DType::kF32 ||
        it->second.shape != spec.shape || it->second.begin != begin) {
      return absl::InvalidArgumentError(absl::StrCat(kWhat, ": the tensor \"", spec.name,
                                                     "\" is missing, of another type or shape, ",
                                                     "or out of place"));
    }
  }
  return absl::OkStatus();
}

// Zeros, in the layout that the header describes.
StatusOr<Weights> MakeWeights(const std::string& header_json) {
  // How much data there must be is known with the model, which stands in the header itself.
  JsonLimits limits;
  limits.max_bytes = kMaxHeaderBytes;
  HONE_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJson(header_json, limits, kWhat));
  const nlohmann::json::json_pointer where("/__metadata__/config");
  if (!json.contains(where) || !json.at(where).is_string()) {
    return absl::InvalidArgumentError(absl::StrCat(kWhat, ": the header has no config"));
  }
  HONE_ASSIGN_OR_RETURN(
      const ModelConfig config,
      ParseModelConfig(json.at(where).get<std::string>(), absl::StrCat(kWhat, ", config")));
  Weights weights(config);
  const StatusOr<SafetensorsHeader> header =
      ParseSafetensorsHeader(header_json, weights.flat().size() * sizeof(float));
  if (!header.ok()) return Annotate(header.status(), kWhat);
  HONE_RETURN_IF_ERROR(CheckLayout(*header, weights));
  return weights;
}

}  // namespace

StatusOr<ReceivedWeights> ReceiveWeights(uint64_t version, const proto::WeightsManifest& manifest,
                                         const WeightsFetchOptions& options,
                                         const std::atomic<bool>& stop) {
  std::vector<WeightsSource> sources;
  for (const proto::WeightsSource& message : manifest.sources()) {
    HONE_ASSIGN_OR_RETURN(WeightsSource source, FromProto(message));
    if (source.policy_version != version) {
      return absl::InvalidArgumentError(absl::StrCat(kWhat, ": ", source.address, " has version ",
                                                     source.policy_version, ", wanted ", version));
    }
    sources.push_back(std::move(source));
  }
  ReceivedWeights received;
  HONE_ASSIGN_OR_RETURN(received.weights, MakeWeights(manifest.header()));
  const absl::Span<float> flat = received.weights.flat();
  HONE_RETURN_IF_ERROR(CheckTiling(sources, static_cast<int64_t>(flat.size())));
  HONE_ASSIGN_OR_RETURN(received.report, FetchWeights(sources, flat, options, stop));
  return received;
}

}  // namespace hone
