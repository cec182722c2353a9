#include "rollout/worker.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "rollout/coordinator_line.h"
#include "rollout/engine/engine.h"

namespace hone {
namespace {

constexpr double kIdleWaitSeconds = 1;
// While decoding: how often more work is asked for, and from what share of free places on. A
// question costs a round trip, in which nothing is decoded.
constexpr absl::Duration kBusyPollInterval = absl::Milliseconds(50);
constexpr int kAskAtFreeShare = 4;  // a fourth
// Finished groups wait this long for others to go with them.
constexpr absl::Duration kSubmitInterval = absl::Milliseconds(10);

// Prompt and completion together, at most.
int64_t LongestSequence(const LeasedWork& work) {
  size_t longest_prompt = 0;
  for (const GroupOrder& group : work.groups) {
    longest_prompt = std::max(longest_prompt, group.prompt_tokens.size());
  }
  return static_cast<int64_t>(longest_prompt) + work.sampling.max_tokens;
}

// Decodes what the line brings and hands the results back. One turn of the loop is one step of the
// engine.
class Worker {
 public:
  Worker(const RolloutWorkerOptions& options, CoordinatorLine* line)
      : options_(options), clock_(options.clock), line_(*line) {}

  Status Run(const std::atomic<bool>& stop) {
    while (!stop && !line_.over()) {
      HONE_RETURN_IF_ERROR(SubmitFinished());
      HONE_RETURN_IF_ERROR(AskForWork());
      HONE_RETURN_IF_ERROR(StartWork());
      Step();
    }
    return line_.status();
  }

 private:
  // Whose result a running group is.
  struct Origin {
    uint64_t lease_id;
    WeightsVersion weights;
  };

  bool idle() const { return engine_ == nullptr || engine_->idle(); }

  Status SubmitFinished() {
    const absl::Time now = clock_->Now();
    if (finished_.empty() || (!idle() && now - last_submit_ < kSubmitInterval)) {
      return absl::OkStatus();
    }
    last_submit_ = now;
    return line_.Submit(std::exchange(finished_, {}), &effort_);
  }

  Status AskForWork() {
    if (work_.has_value()) return absl::OkStatus();  // more would have to wait behind it
    const absl::Time now = clock_->Now();
    const int free = options_.max_sequences - (idle() ? 0 : engine_->num_sequences());
    if (!idle() && (free < std::max(1, options_.max_sequences / kAskAtFreeShare) ||
                    now - last_poll_ < kBusyPollInterval)) {
      return absl::OkStatus();
    }
    last_poll_ = now;
    HONE_ASSIGN_OR_RETURN(work_, line_.Lease(free, idle() ? kIdleWaitSeconds : 0));
    return absl::OkStatus();
  }

  // Moves leased groups into the engine, with the weights that they need: new ones only when the
  // running sequences, which need the old ones, are done.
  Status StartWork() {
    if (!work_.has_value()) return absl::OkStatus();
    if (work_->weights != loaded_) {
      if (!idle()) return absl::OkStatus();
      HONE_ASSIGN_OR_RETURN(const bool loaded, LoadWeights(work_->weights));
      if (!loaded) {
        work_.reset();
        return absl::OkStatus();
      }
    }
    for (GroupOrder& group : work_->groups) {
      const Origin origin{work_->lease_id, work_->weights};
      // Still running from a lease that expired: its result serves the new one.
      if (!running_.insert_or_assign(group.prompt_id, origin).second) continue;
      HONE_RETURN_IF_ERROR(engine_->Add({.prompt_id = group.prompt_id,
                                         .prompt_tokens = std::move(group.prompt_tokens),
                                         .num_samples = group.num_samples,
                                         .sampling = work_->sampling}));
    }
    work_.reset();
    return absl::OkStatus();
  }

  // False when the version is over.
  StatusOr<bool> LoadWeights(const WeightsVersion& version) {
    const absl::Time begin = clock_->Now();
    loaded_.reset();
    StatusOr<ReceivedWeights> received = line_.FetchWeights(version);
    if (absl::IsNotFound(received.status())) return false;
    HONE_RETURN_IF_ERROR(received.status());
    Weights& weights = received->weights;
    RoundWeights(options_.precision, &weights);
    // One model for the whole of a run, so one engine.
    if (engine_ == nullptr) {
      engine_ = std::make_unique<Engine>(weights.config(),
                                         EngineOptions{.max_sequences = options_.max_sequences,
                                                       .kv_cache_tokens = options_.kv_cache_tokens,
                                                       .precision = options_.precision});
      LogInfo(engine_->DescribeCapacity(LongestSequence(*work_)));
    }
    engine_->SetWeights(weights);
    loaded_ = version;
    LogInfo(absl::StrCat("loaded the weights of version ", version.version, " in ",
                         absl::FormatDuration(clock_->Now() - begin), ": ",
                         Describe(received->report)));
    return true;
  }

  void Step() {
    if (idle()) return;
    const absl::Time begin = clock_->Now();
    const int64_t tokens_before = engine_->generated_tokens();
    std::vector<FinishedRequest> finished;
    engine_->Step(&finished);
    effort_.seconds += absl::ToDoubleSeconds(clock_->Now() - begin);
    effort_.tokens += engine_->generated_tokens() - tokens_before;
    for (FinishedRequest& request : finished) {
      const auto running = running_.extract(request.prompt_id);
      const Origin& origin = running.mapped();
      finished_.push_back({.lease_id = origin.lease_id,
                           .weights = origin.weights,
                           .group = {request.prompt_id, std::move(request.completions)}});
    }
  }

  const RolloutWorkerOptions& options_;
  Clock* const clock_;
  CoordinatorLine& line_;
  std::unique_ptr<Engine> engine_;  // made with the first weights
  std::optional<WeightsVersion> loaded_;
  std::optional<LeasedWork> work_;  // not in the engine yet
  std::map<uint64_t, Origin> running_;
  std::vector<FinishedWork> finished_;
  Effort effort_;  // since the last submission
  absl::Time last_poll_ = absl::InfinitePast();
  absl::Time last_submit_ = absl::InfinitePast();
};

}  // namespace

Status RunRolloutWorker(const RolloutWorkerOptions& options, const std::atomic<bool>& stop) {
  CoordinatorLine line({.address = options.coordinator_address,
                        .client_id = options.client_id,
                        .experiment_hash = options.experiment_hash,
                        .give_up_seconds = options.give_up_seconds,
                        .clock = options.clock},
                       stop);
  Status status = line.Open();
  if (status.ok()) status = Worker(options, &line).Run(stop);
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

}  // namespace hone
