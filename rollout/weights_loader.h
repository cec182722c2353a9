// Brings one version of the weights at a time, fetched, rounded and packed, in a thread of its own:
// so the worker can go on decoding meanwhile.
// Thread safety: one thread uses it. Take() and the destructor block until the fetch has ended,
// which its own deadlines and the worker's `stop` bound.
#ifndef HONE_ROLLOUT_WEIGHTS_LOADER_H_
#define HONE_ROLLOUT_WEIGHTS_LOADER_H_

#include <functional>
#include <future>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/status.h"
#include "rollout/coordinator_line.h"
#include "rollout/engine/decoder.h"

namespace hone {

struct LoadedWeights {
  WeightsVersion version;
  ModelConfig config;
  std::shared_ptr<const DecoderWeights> packed;
  WeightsFetchReport report;
  absl::Time begin, end;
};

class WeightsLoader {
 public:
  // CoordinatorLine::FetchWeights.
  using Fetch = std::function<StatusOr<ReceivedWeights>(const WeightsVersion&)>;

  WeightsLoader(Fetch fetch, const DecoderOptions& decoder, Clock* clock)
      : fetch_(std::move(fetch)), decoder_(decoder), clock_(clock) {}

  // Begins; nothing may be loading. Beside decoding, packing is left to one thread, so that it does
  // not hold up the kernels; else all threads pack.
  void Start(const WeightsVersion& version, bool beside_decoding);

  bool loading() const { return loading_.valid(); }
  // Whether Take() would return at once.
  bool ready() const;
  // What was loaded; the errors are those of FetchWeights. Something must be loading. Blocks.
  StatusOr<LoadedWeights> Take() { return loading_.get(); }

  // Frees weights beside the decoding: that takes long where they are large.
  void Discard(std::shared_ptr<const DecoderWeights> weights);

 private:
  const Fetch fetch_;
  const DecoderOptions decoder_;
  Clock* const clock_;
  std::future<StatusOr<LoadedWeights>> loading_;
  std::future<void> discarding_;
};

}  // namespace hone

#endif  // HONE_ROLLOUT_WEIGHTS_LOADER_H_
