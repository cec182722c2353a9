#include "model/weights_file.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/float_bits.h"
#include "model/shards.h"

namespace hone {
namespace {

constexpr char kEmbedding[] = "model.embed_tokens.weight";
constexpr char kHead[] = "lm_head.weight";

Status CheckTensor(const Shards::Place& place, const TensorSpec& spec, const std::string& name) {
  const DType dtype = place.entry.dtype;
  if (!IsWeightType(dtype)) {
    return absl::InvalidArgumentError(absl::StrCat(place.path, ": the tensor \"", name, "\" is ",
                                                   Name(dtype), "; supported: F32, BF16, F16"));
  }
  if (place.entry.shape != spec.shape) {
    return absl::InvalidArgumentError(
        absl::StrCat(place.path, ": the tensor \"", name, "\" has the shape [",
                     absl::StrJoin(place.entry.shape, ", "), "]; config.json asks for [",
                     absl::StrJoin(spec.shape, ", "), "]"));
  }
  return absl::OkStatus();
}

// The name under which the files keep a tensor.
std::string NameInFiles(const Shards& shards, const ModelConfig& config, const TensorSpec& spec) {
  const bool head_only = config.tie_word_embeddings && spec.name == kEmbedding &&
                         !shards.tensors().contains(kEmbedding) && shards.tensors().contains(kHead);
  return head_only ? kHead : spec.name;
}

// Every tensor of the model is there with its shape, and no other.
Status CheckTensors(const std::string& folder, const ModelConfig& config, const Shards& shards) {
  std::set<std::string> names;
  for (const TensorSpec& spec : TensorSpecs(config)) {
    const std::string name = NameInFiles(shards, config, spec);
    const auto place = shards.tensors().find(name);
    if (place == shards.tensors().end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder, ": the tensor \"", name, "\" is missing"));
    }
    HONE_RETURN_IF_ERROR(CheckTensor(place->second, spec, name));
    names.insert(name);
  }
  for (const auto& [name, place] : shards.tensors()) {
    if (names.contains(name) || absl::StrContains(name, "rotary_emb.inv_freq")) continue;
    if (name == kHead && config.tie_word_embeddings) continue;  // the embedding, stored again
    return absl::InvalidArgumentError(
        absl::StrCat(place.path, ": the tensor \"", name, "\" is none of this model"));
  }
  return absl::OkStatus();
}

std::vector<float> Values(const Shards::Place& place) {
  std::vector<float> values(place.bytes.size() / SizeOf(place.entry.dtype));
  ToFloats(place.entry.dtype, place.bytes, absl::MakeSpan(values));
  return values;
}

// The configuration that the files bear out: a head that is stored beside the embedding and differs
// from it is no tied one.
StatusOr<ModelConfig> WithStoredHead(const ModelConfig& config, const Shards& shards) {
  const auto embedding = shards.tensors().find(kEmbedding), head = shards.tensors().find(kHead);
  if (!config.tie_word_embeddings || embedding == shards.tensors().end() ||
      head == shards.tensors().end()) {
    return config;
  }
  ModelConfig untied = config;
  untied.tie_word_embeddings = false;
  for (const auto& place : {embedding, head}) {
    HONE_RETURN_IF_ERROR(CheckTensor(place->second, TensorSpecs(untied).front(), place->first));
  }
  const std::vector<float> a = Values(embedding->second), b = Values(head->second);
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0 ? config : untied;
}

}  // namespace

StatusOr<WeightsFiles> WeightsFiles::Open(const std::string& folder, const ModelConfig& given) {
  HONE_ASSIGN_OR_RETURN(Shards shards, Shards::Open(folder));
  HONE_ASSIGN_OR_RETURN(const ModelConfig config, WithStoredHead(given, shards));
  // Before memory is taken: sizes that the files do not back are found here.
  HONE_RETURN_IF_ERROR(CheckTensors(folder, config, shards));
  return WeightsFiles(std::move(shards), config);
}

WeightsFiles::WeightsFiles(Shards shards, const ModelConfig& config)
    : shards_(std::move(shards)), config_(config) {
  int64_t begin = 0;
  for (const TensorSpec& spec : TensorSpecs(config_)) {
    const Shards::Place& place = shards_.tensors().at(NameInFiles(shards_, config_, spec));
    places_.push_back({begin, place.entry.dtype, place.bytes});
    begin += spec.size();
  }
}

WeightsFormat WeightsFiles::format() const {
  WeightsFormat format = {{}, shards_.metadata()};
  for (const Place& place : places_) format.dtypes.push_back(place.dtype);
  return format;
}

void WeightsFiles::Read(int64_t begin, absl::Span<float> out) const {
  const int64_t end = begin + std::ssize(out);
  for (const Place& place : places_) {
    const int64_t size_of = SizeOf(place.dtype);
    const int64_t from = std::max(begin, place.begin);
    const int64_t to = std::min(end, place.begin + std::ssize(place.bytes) / size_of);
    if (from >= to) continue;
    ToFloats(place.dtype, place.bytes.substr((from - place.begin) * size_of, (to - from) * size_of),
             out.subspan(from - begin, to - from));
  }
}

StatusOr<Weights> LoadWeights(const std::string& folder, const ModelConfig& config,
                              WeightsFormat* format) {
  HONE_ASSIGN_OR_RETURN(const WeightsFiles files, WeightsFiles::Open(folder, config));
  Weights weights(files.config());
  files.Read(0, weights.flat());
  if (format != nullptr) *format = files.format();
  return weights;
}

Status WriteWeights(const std::string& path, const Weights& weights, const WeightsFormat& format) {
  std::vector<NamedTensor> tensors;
  std::vector<std::string> converted(weights.specs().size());
  for (size_t i = 0; i < weights.specs().size(); ++i) {
    const TensorSpec& spec = weights.specs()[i];
    const auto values = weights.tensor(static_cast<int>(i));
    const DType dtype = format.dtypes[i];
    const void* data = values.data();
    if (dtype != DType::kF32) {
      converted[i] = FromFloats(dtype, values);
      data = converted[i].data();
    }
    tensors.push_back({spec.name, dtype, spec.shape, data});
  }
  return WriteSafetensors(path, tensors, format.metadata);
}

}  // namespace hone
