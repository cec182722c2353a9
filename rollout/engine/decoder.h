// The model as the engine uses it: passes over rows of many sequences, with keys and values in
// blocks, and draws from the logits that a pass leaves. One implementation for each kind of device.
// Thread safety: none, but PackWeights. Errors of a device are thrown (DeviceError), as lack of
// memory is: the process cannot go on with it.
#ifndef HONE_ROLLOUT_ENGINE_DECODER_H_
#define HONE_ROLLOUT_ENGINE_DECODER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "kernels/precision.h"
#include "kernels/sampling.h"
#include "model/weights.h"

namespace hone {

enum class Device { kCpu, kCuda };
// "cpu" or "cuda". InvalidArgument where this program or this machine cannot.
StatusOr<Device> ParseDevice(absl::string_view name);

struct DecoderOptions {
  Precision precision = Precision::kFloat32;
  Device device = Device::kCpu;
  // On a GPU: the bits of the CPU. Else faster kernels, with sums in another order.
  bool exact = true;
  int gpu = 0;  // counted from 0, around the GPUs that the process sees
};

// The weights as a decoder wants them. Immutable once made, so that the next version can be made
// beside the running one, in any thread.
class DecoderWeights {
 public:
  virtual ~DecoderWeights() = default;
};

// For a decoder with these options; `weights` need not outlive it. In bfloat16 they must be rounded
// (RoundWeights).
std::shared_ptr<const DecoderWeights> PackWeights(const Weights& weights,
                                                  const DecoderOptions& options);

// Consecutive tokens of one sequence that go through the model in this pass.
struct DecoderSpan {
  const int32_t* tokens;
  int64_t count;
  int64_t first_position;
  const std::vector<int32_t>* blocks;  // enough for first_position + count tokens
  int64_t num_logits;                  // of so many of its last tokens
};

// Logits of one row, beyond the pass that gave them.
class KeptLogits {
 public:
  virtual ~KeptLogits() = default;
};

struct TokenDraw {
  int64_t row = 0;                   // of the last pass's logits, counted over its spans
  const KeptLogits* kept = nullptr;  // instead, if there are some
  SampleOptions options;
  SampleKey key;
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  // From the next pass on. Returns what is no longer needed, so that whoever can afford the time
  // may free it.
  virtual std::shared_ptr<const DecoderWeights> SetWeights(
      std::shared_ptr<const DecoderWeights> weights) = 0;

  // Writes the new keys and values into the blocks, then forgets the logits of the pass before.
  virtual void Forward(absl::Span<const DecoderSpan> spans) = 0;

  virtual std::unique_ptr<KeptLogits> Keep(int64_t row) = 0;

  // drawn[i] = SampleToken() of draws[i].
  virtual void Draw(absl::Span<const TokenDraw> draws, SampledToken* drawn) = 0;

  // All keys and values of one block into another.
  virtual void CopyBlock(int32_t from, int32_t to) = 0;
};

// With room for the keys and values of so many blocks.
std::unique_ptr<Decoder> MakeDecoder(const ModelConfig& config, const DecoderOptions& options,
                                     int64_t num_blocks);

// Of one block, in all layers.
int64_t KvBlockBytes(const ModelConfig& config, const DecoderOptions& options);

struct GpuReport {
  std::string name;
  int64_t free_bytes = 0;
  double bytes_per_second = 0;  // read and written by the device's own copy of a GiB
};
// Of the GPU that the options name; empty in a program without CUDA.
GpuReport ExamineGpu(const DecoderOptions& options);

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_DECODER_H_
