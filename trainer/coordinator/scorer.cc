#include "trainer/coordinator/scorer.h"

#include <utility>

#include "trainer/coordinator/reward_client.h"

namespace hone {

Scorer::Scorer(Dispatcher* dispatcher, double timeout_seconds, Clock* clock)
    : dispatcher_(dispatcher),
      clock_(clock),
      client_(std::make_unique<RewardClient>(timeout_seconds)) {
  for (int i = 0; i < kCallsInFlight; ++i) threads_.emplace_back([this] { Run(); });
}

Scorer::~Scorer() {
  client_->Cancel();
  for (std::thread& thread : threads_) thread.join();
}

void Scorer::Run() {
  while (std::optional<ScoreBatch> batch = dispatcher_->NextScoreBatch()) {
    const absl::Time begin = clock_->Now();
    StatusOr<std::vector<std::vector<Score>>> scores = client_->ScoreTasks(*batch);
    const double seconds = absl::ToDoubleSeconds(clock_->Now() - begin);
    if (scores.ok()) {
      dispatcher_->FinishScoring(*std::move(batch), *std::move(scores), seconds);
    } else {
      dispatcher_->FailScoring(*std::move(batch), scores.status(), seconds);
    }
  }
}

}  // namespace hone
