// The rollout worker's role: leases groups of prompts from the coordinator, samples them with the
// engine, and hands finished groups in.
#ifndef HONE_ROLLOUT_WORKER_H_
#define HONE_ROLLOUT_WORKER_H_

#include <atomic>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "rollout/engine/decoder.h"

namespace hone {

struct RolloutWorkerOptions {
  // Where the coordinator listens now; asked again whenever it does not answer.
  std::function<StatusOr<std::string>()> coordinator_address;
  std::string client_id;  // unique: a restarted worker is a new client
  std::string experiment_hash;
  int max_sequences = 256;  // decoded together
  int kv_cache_tokens = 0;  // 0: enough for max_sequences
  DecoderOptions decoder = {};
  std::string trace_path;              // timeline of the worker (base/trace.h); empty: none
  MetricsRegistry* metrics = nullptr;  // of the process; not owned, null: none
  double give_up_seconds = 60;         // without an answer of the coordinator
  Clock* clock = RealClock();          // not owned
};

// Works until the run is done or `stop` is raised (OK), the coordinator is lost (Unavailable,
// naming it), or it sends what makes no sense. The model comes with the weights. Blocks; the
// calling thread decodes.
Status RunRolloutWorker(const RolloutWorkerOptions& options, const std::atomic<bool>& stop);

}  // namespace hone

#endif  // HONE_ROLLOUT_WORKER_H_
