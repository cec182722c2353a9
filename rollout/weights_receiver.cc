#include "rollout/weights_receiver.h"

#include <bit>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
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

}  // namespace

Status WeightsReceiver::Begin(const std::string& header_json) {
  weights_.reset();
  num_bytes_ = 0;
  // How much data must follow is known with the model, which stands in the header itself.
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
  weights_ = std::move(weights);
  return absl::OkStatus();
}

Status WeightsReceiver::Add(const std::string& header, absl::string_view data) {
  if (!header.empty()) HONE_RETURN_IF_ERROR(Begin(header));
  if (!weights_.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(kWhat, ": data before the header"));
  }
  const absl::Span<float> flat = weights_->flat();
  const uint64_t size = flat.size() * sizeof(float);
  if (data.size() > size - num_bytes_) {
    return absl::InvalidArgumentError(absl::StrCat(kWhat, ": more than the ", size, " bytes"));
  }
  std::memcpy(reinterpret_cast<char*>(flat.data()) + num_bytes_, data.data(), data.size());
  num_bytes_ += data.size();
  return absl::OkStatus();
}

StatusOr<Weights> WeightsReceiver::Finish() && {
  const uint64_t size = weights_.has_value() ? weights_->flat().size() * sizeof(float) : 0;
  if (size == 0 || num_bytes_ != size) {
    return absl::InvalidArgumentError(
        absl::StrCat(kWhat, ": ended after ", num_bytes_, " of ", size, " bytes"));
  }
  return *std::move(weights_);
}

}  // namespace hone
