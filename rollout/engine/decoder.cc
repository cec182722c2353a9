#include "rollout/engine/decoder.h"

#include "absl/strings/str_cat.h"
#include "rollout/engine/cpu_decoder.h"
#ifdef HONE_CUDA
#include "rollout/engine/cuda_decoder.h"
#endif

namespace hone {

StatusOr<Device> ParseDevice(absl::string_view name) {
  if (name == "cpu") return Device::kCpu;
  if (name != "cuda") {
    return absl::InvalidArgumentError(absl::StrCat("device \"", name, "\" must be cpu or cuda"));
  }
#ifdef HONE_CUDA
  HONE_RETURN_IF_ERROR(CheckForGpu());
  return Device::kCuda;
#else
  return absl::InvalidArgumentError(
      "device cuda: this program was built without CUDA; build it with ./dev build --cuda");
#endif
}

std::shared_ptr<const DecoderWeights> PackWeights(const Weights& weights,
                                                  const DecoderOptions& options) {
#ifdef HONE_CUDA
  if (options.device == Device::kCuda) return MakeCudaWeights(weights, options);
#endif
  return std::make_shared<PackedWeights>(weights, options.precision);
}

std::unique_ptr<Decoder> MakeDecoder(const ModelConfig& config, const DecoderOptions& options,
                                     int64_t num_blocks) {
#ifdef HONE_CUDA
  if (options.device == Device::kCuda) return MakeCudaDecoder(config, options, num_blocks);
#endif
  return std::make_unique<CpuDecoder>(config, options.precision, num_blocks);
}

int64_t KvBlockBytes(const ModelConfig& config, const DecoderOptions& options) {
#ifdef HONE_CUDA
  if (options.device == Device::kCuda) return CudaBlockBytes(config, options.precision);
#endif
  return CpuDecoder::BlockBytes(config, options.precision);
}

GpuReport ExamineGpu([[maybe_unused]] const DecoderOptions& options) {
#ifdef HONE_CUDA
  return ExamineCudaGpu(options);
#else
  return {};
#endif
}

}  // namespace hone
