// The coordinator: hands prompts out on leases, takes completions in, has them scored, and gives
// whole groups to the learner. Serves the Coordinator service of proto/hone.proto, in rank 0.
//
// Thread safety: all functions may be called from any thread; Wait and Finish block.
// Invariants:
//  * a group is accepted once: the first submission made with the version of its latest lease, or,
//    where its job follows the weights, of any of its leases, and with newer versions;
//  * a lease is given only with the published version, so the learner bounds staleness by when it
//    enqueues: in the synchronous loop it enqueues after publishing and waits before updating;
//  * every wait has a deadline, and an error says what was waited for.
#ifndef HONE_TRAINER_COORDINATOR_COORDINATOR_H_
#define HONE_TRAINER_COORDINATOR_COORDINATOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/clock.h"
#include "base/status.h"
#include "config/experiment.h"
#include "data/records.h"
#include "data/weights_source.h"
#include "model/config.h"

namespace hone {

struct CoordinatorOptions {
  std::string listen_address = "127.0.0.1:0";  // port 0: any free one
  std::string run_id;
  std::string experiment_hash;
  double heartbeat_seconds = 2;        // silent for three of these: forgotten
  double lease_seconds = 120;          // without a submission: leased to others as well
  double reward_timeout_seconds = 60;  // of one Score call, beside the time that programs need
  // Without an accepted or scored group or a Score call in work: Wait fails.
  double no_progress_seconds = 300;
  int max_pending_groups = 1 << 20;  // enqueued and not yet waited for
  Clock* clock = RealClock();        // not owned
};

using JobId = uint64_t;

// Prompts to sample and how to judge the samples.
struct GenerateJob {
  std::vector<Prompt> prompts;  // ids unique among the jobs that are pending
  int num_samples = 1;          // of each prompt
  SamplingParams sampling;
  bool follow_weights = false;     // samples in work go on with weights that are published later
  std::vector<RewardSpec> reward;  // at least one
  // Text of a completion for the verifiers. Called from several threads.
  std::function<std::string(absl::Span<const int32_t>)> decode;
};

// Which groups to wait for.
struct SomeGroups {
  std::vector<JobId> jobs;
  int64_t count = 0;
  // A group with an older version, that of its first lease, is too old to be left; there are at
  // most `count` such.
  uint64_t keep_from = 0;
};

// Since the last TakeStats, but for the two counts of who is there now.
struct CoordinatorStats {
  struct Worker {
    double generate_seconds = 0;
    int64_t generated_tokens = 0;
    double occupied_seconds = 0;  // of generate_seconds, by the share of places taken
    double cached_seconds = 0;    // likewise, by the share of the KV cache in use

    Worker& operator+=(const Worker& other) {
      generate_seconds += other.generate_seconds;
      generated_tokens += other.generated_tokens;
      occupied_seconds += other.occupied_seconds;
      cached_seconds += other.cached_seconds;
      return *this;
    }
  };
  int64_t leases_granted = 0;
  int64_t leases_lost = 0;         // expired, or their worker fell silent
  int64_t duplicates_refused = 0;  // samples
  int64_t samples_accepted = 0;
  double reward_seconds = 0;  // spent in Score calls, over all services
  std::map<std::string, Worker> workers;
  int live_workers = 0;
  int live_services = 0;
};

class Coordinator {
 public:
  // Unavailable when the address cannot be listened on.
  static StatusOr<std::unique_ptr<Coordinator>> Start(const CoordinatorOptions& options);
  ~Coordinator();  // closes the server at once; Finish() first tells everyone

  // "host:port", with the port that was really taken.
  std::string address() const;

  // Makes these the weights of every lease from now on: what the publishers of all ranks returned
  // for this version. InvalidArgument unless they have every float of the model once.
  Status Publish(uint64_t version, const ModelConfig& config,
                 const std::vector<WeightsSource>& sources);

  // InvalidArgument for a job that makes no sense or repeats a pending prompt id;
  // ResourceExhausted above max_pending_groups.
  StatusOr<JobId> Enqueue(GenerateJob job);

  // Hears how many samples of a job are scored; an error from it ends the wait with that error.
  using OnProgress = std::function<Status(int64_t num_scored, int64_t num_samples)>;

  // Blocks until every group of the job is scored: in the order of the prompts, completions by
  // sample index. The job is forgotten then, also after an error. DeadlineExceeded when nothing
  // moved for no_progress_seconds, saying what is missing; Cancelled after Cancel or Finish.
  // `on_progress`, if any, is called when something moved and at least every 0.2 seconds.
  StatusOr<std::vector<Group>> Wait(JobId job, const OnProgress& on_progress = nullptr);

  // The same for some of the groups that are left of some jobs, which have equal num_samples:
  // blocks until `some.count` of them (or all, if fewer are left) are scored, all the too old ones
  // among them. These it returns, of the others that are scored the first. What is left stays as it
  // is, for another call; a job of which nothing is left, or all of them after an error, is
  // forgotten.
  StatusOr<std::vector<Group>> WaitForSome(const SomeGroups& some,
                                           const OnProgress& on_progress = nullptr);

  // Ends every Wait, now and later; for a run that was asked to stop.
  void Cancel();

  CoordinatorStats TakeStats();

  // Tells everyone that the run is done, waits for at most three heartbeats until all have heard,
  // and closes the server.
  void Finish();

 private:
  struct Parts;
  explicit Coordinator(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_COORDINATOR_H_
