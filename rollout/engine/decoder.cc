#include "rollout/engine/decoder.h"

#include "rollout/engine/cpu_decoder.h"

namespace hone {

std::shared_ptr<const DecoderWeights> PackWeights(const Weights& weights,
                                                  const DecoderOptions& options) {
  return std::make_shared<PackedWeights>(weights, options.precision);
}

std::unique_ptr<Decoder> MakeDecoder(const ModelConfig& config, const DecoderOptions& options,
                                     int64_t num_blocks) {
  return std::make_unique<CpuDecoder>(config, options.precision, num_blocks);
}

int64_t KvBlockBytes(const ModelConfig& config, const DecoderOptions& options) {
  return CpuDecoder::BlockBytes(config, options.precision);
}

}  // namespace hone
