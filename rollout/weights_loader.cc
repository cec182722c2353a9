#include "rollout/weights_loader.h"

#include <chrono>
#include <utility>

#include "kernels/parallel.h"

namespace hone {

void WeightsLoader::Start(const WeightsVersion& version, bool beside_decoding) {
  loading_ =
      std::async(std::launch::async, [this, version, beside_decoding]() -> StatusOr<LoadedWeights> {
        std::optional<SerialSection> serial;
        if (beside_decoding) serial.emplace();
        LoadedWeights loaded;
        loaded.begin = clock_->Now();
        HONE_ASSIGN_OR_RETURN(ReceivedWeights received, fetch_(version));
        RoundWeights(decoder_.precision, &received.weights);
        loaded.version = version;
        loaded.config = received.weights.config();
        loaded.packed = PackWeights(received.weights, decoder_);
        loaded.report = std::move(received.report);
        loaded.end = clock_->Now();
        return loaded;
      });
}

bool WeightsLoader::ready() const {
  return loading_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

void WeightsLoader::Discard(std::shared_ptr<const DecoderWeights> weights) {
  if (weights == nullptr) return;
  discarding_ =
      std::async(std::launch::async, [old = std::move(weights)]() mutable { old.reset(); });
}

}  // namespace hone
