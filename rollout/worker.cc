#include "rollout/worker.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/trace.h"
#include "rollout/coordinator_line.h"
#include "rollout/engine/engine.h"
#include "rollout/weights_loader.h"
#include "rollout/worker_metrics.h"

namespace hone {
namespace {

constexpr double kIdleWaitSeconds = 1;
// While decoding: how often more work is asked for, and from what share of free places on. A
// question costs a round trip, in which nothing is decoded.
constexpr absl::Duration kBusyPollInterval = absl::Milliseconds(50);
constexpr int kAskAtFreeShare = 4;  // a fourth
// Finished groups wait this long for others to go with them.
constexpr absl::Duration kSubmitInterval = absl::Milliseconds(10);

// Of the timeline.
constexpr int kDecodingTrack = 0, kLoadingTrack = 1;

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
  Worker(const RolloutWorkerOptions& options, CoordinatorLine* line, Trace* trace)
      : options_(options),
        clock_(options.clock),
        line_(*line),
        trace_(trace),
        loader_([line](const WeightsVersion& version) { return line->FetchWeights(version); },
                options.decoder, options.clock) {
    if (options.metrics != nullptr) metrics_.emplace(options.max_sequences, options.metrics);
  }
  ~Worker() { line_.Leave(); }  // what is still being loaded is not waited for

  Status Run(const std::atomic<bool>& stop) {
    while (!stop && !line_.over()) {
      HONE_RETURN_IF_ERROR(SubmitFinished());
      HONE_RETURN_IF_ERROR(AskForWork());
      HONE_RETURN_IF_ERROR(FollowWeights());
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
    bool follow_weights;
  };

  bool idle() const { return engine_ == nullptr || engine_->idle(); }

  Status SubmitFinished() {
    const absl::Time now = clock_->Now();
    if (finished_.empty() || (!idle() && now - last_submit_ < kSubmitInterval)) {
      return absl::OkStatus();
    }
    last_submit_ = now;
    const int64_t groups = std::ssize(finished_);
    HONE_RETURN_IF_ERROR(line_.Submit(std::exchange(finished_, {}), &effort_));
    Record("submit", now, {{"groups", groups}});
    return absl::OkStatus();
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
    Record("lease", now, {{"groups", work_.has_value() ? std::ssize(work_->groups) : 0}});
    return absl::OkStatus();
  }

  // Newer weights take effect between two steps when all that runs may go on with them. They are
  // loaded beside the decoding.
  Status FollowWeights() {
    if (idle() || !loaded_.has_value() ||
        !std::all_of(running_.begin(), running_.end(),
                     [](const auto& group) { return group.second.follow_weights; })) {
      return absl::OkStatus();
    }
    if (loader_.loading()) return loader_.ready() ? InstallWeights() : absl::OkStatus();
    const std::optional<WeightsVersion> newest = line_.published();
    if (newest.has_value() && IsNewer(*newest, *loaded_)) {
      loader_.Start(*newest, /*beside_decoding=*/true);
    }
    return absl::OkStatus();
  }

  static bool IsNewer(const WeightsVersion& a, const WeightsVersion& b) {
    return a.epoch == b.epoch && a.version > b.version;
  }

  // Whether the engine has the weights that the work needs.
  bool Serves(const LeasedWork& work) const {
    if (!loaded_.has_value()) return false;
    return *loaded_ == work.weights || (work.follow_weights && IsNewer(*loaded_, work.weights));
  }

  // Moves leased groups into the engine, with the weights that they need: other ones only when the
  // running sequences are done, unless these go on with them (FollowWeights).
  Status StartWork() {
    if (!work_.has_value()) return absl::OkStatus();
    if (!Serves(*work_)) {
      if (!idle()) return absl::OkStatus();
      HONE_RETURN_IF_ERROR(LoadWeights());
      if (!Serves(*work_)) {  // the version is over
        work_.reset();
        return absl::OkStatus();
      }
    }
    for (GroupOrder& group : work_->groups) StartGroup(std::move(group));
    work_.reset();
    return absl::OkStatus();
  }

  void StartGroup(GroupOrder group) {
    const Origin origin{work_->lease_id, work_->weights, work_->follow_weights};
    // Still running from a lease that expired: its result serves the new one.
    if (!running_.insert_or_assign(group.prompt_id, origin).second) return;
    const Status status = engine_->Add({.prompt_id = group.prompt_id,
                                        .prompt_tokens = std::move(group.prompt_tokens),
                                        .num_samples = group.num_samples,
                                        .sampling = work_->sampling});
    if (status.ok()) return;
    Finish({.prompt_id = group.prompt_id, .error = std::string(status.message())});
  }

  // The weights of the work, while nothing runs.
  Status LoadWeights() {
    if (loader_.loading()) HONE_RETURN_IF_ERROR(InstallWeights());  // begun while something ran
    if (Serves(*work_)) return absl::OkStatus();
    loaded_.reset();
    if (engine_ != nullptr) engine_->SetWeights(nullptr, 0);  // not two of them in memory
    loader_.Start(work_->weights, /*beside_decoding=*/false);
    return InstallWeights();
  }

  // Waits for the weights that are being loaded. Changes nothing when their version is over.
  Status InstallWeights() {
    StatusOr<LoadedWeights> loaded = loader_.Take();
    if (absl::IsNotFound(loaded.status())) return absl::OkStatus();
    HONE_RETURN_IF_ERROR(loaded.status());
    // One model for the whole of a run, so one engine.
    if (engine_ == nullptr) {
      engine_ = std::make_unique<Engine>(loaded->config,
                                         EngineOptions{.max_sequences = options_.max_sequences,
                                                       .kv_cache_tokens = options_.kv_cache_tokens,
                                                       .decoder = options_.decoder});
      LogInfo(engine_->DescribeCapacity(LongestSequence(*work_)));
    }
    const absl::Time swap_begin = clock_->Now();
    const int running = engine_->num_sequences();
    loader_.Discard(engine_->SetWeights(std::move(loaded->packed), loaded->version.version));
    loaded_ = loaded->version;
    if (metrics_.has_value()) {
      metrics_->NewWeights(loaded->version.version, loaded->end - loaded->begin,
                           clock_->Now() - swap_begin);
    }
    Record("swap weights", swap_begin,
           {{"version", static_cast<int64_t>(loaded->version.version)}, {"sequences", running}});
    if (trace_ != nullptr) {
      trace_->Span("load weights", kLoadingTrack, loaded->begin, loaded->end,
                   {{"version", static_cast<int64_t>(loaded->version.version)}});
    }
    LogInfo(absl::StrCat(
        "loaded the weights of version ", loaded->version.version, " in ",
        absl::FormatDuration(loaded->end - loaded->begin), ": ", Describe(loaded->report),
        running > 0 ? absl::StrCat("; ", running, " sequences go on with them") : ""));
    return absl::OkStatus();
  }

  void Step() {
    if (idle()) return;
    const absl::Time begin = clock_->Now();
    const EngineStats before = engine_->stats();
    std::vector<FinishedRequest> finished;
    engine_->Step(&finished);
    const double seconds = absl::ToDoubleSeconds(clock_->Now() - begin);
    const EngineStats after = engine_->stats();
    effort_.seconds += seconds;
    effort_.tokens += after.generated_tokens - before.generated_tokens;
    effort_.occupied_seconds += seconds * after.stepped_sequences / options_.max_sequences;
    effort_.cached_seconds +=
        seconds * static_cast<double>(after.stepped_blocks) / static_cast<double>(after.kv_blocks);
    if (metrics_.has_value()) metrics_->Step(before, after, seconds);
    Record("step", begin,
           {{"running", after.stepped_sequences},
            {"queued", after.queued_sequences},
            {"tokens", after.generated_tokens - before.generated_tokens},
            {"prefilled", after.prefilled_tokens - before.prefilled_tokens},
            {"drafted", after.drafted_tokens - before.drafted_tokens},
            {"accepted", after.accepted_tokens - before.accepted_tokens},
            {"kv_blocks_used", after.stepped_blocks},
            {"kv_blocks", after.kv_blocks},
            {"preemptions", after.preemptions - before.preemptions}});
    for (FinishedRequest& request : finished) {
      Finish({.prompt_id = request.prompt_id, .completions = std::move(request.completions)});
    }
  }

  void Finish(GroupResult group) {
    const Origin origin = running_.extract(group.prompt_id).mapped();
    // Named only where there is something to say.
    for (Completion& completion : group.completions) {
      if (completion.versions.size() == 1 &&
          completion.versions[0].version == origin.weights.version) {
        completion.versions.clear();
      }
    }
    finished_.push_back(
        {.lease_id = origin.lease_id, .weights = origin.weights, .group = std::move(group)});
  }

  // Onto the timeline: from `begin` till now.
  void Record(absl::string_view name, absl::Time begin, Trace::Arguments arguments) {
    if (trace_ != nullptr) {
      trace_->Span(name, kDecodingTrack, begin, clock_->Now(), arguments);
    }
  }

  const RolloutWorkerOptions& options_;
  Clock* const clock_;
  CoordinatorLine& line_;
  Trace* const trace_;  // may be null
  std::optional<WorkerMetrics> metrics_;
  WeightsLoader loader_;
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
  std::unique_ptr<Trace> trace;
  if (!options.trace_path.empty()) {
    HONE_ASSIGN_OR_RETURN(
        trace, Trace::Open({.path = options.trace_path, .tracks = {"decoding", "loading"}}));
  }
  CoordinatorLine line({.address = options.coordinator_address,
                        .client_id = options.client_id,
                        .experiment_hash = options.experiment_hash,
                        .give_up_seconds = options.give_up_seconds,
                        .clock = options.clock},
                       stop);
  Status status = line.Open();
  if (status.ok()) status = Worker(options, &line, trace.get()).Run(stop);
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

}  // namespace hone
