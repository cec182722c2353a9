// What a rollout worker tells Prometheus; docs/run-folder.md lists the names.
// Thread safety: one thread uses it; the registry may be read meanwhile.
#ifndef HONE_ROLLOUT_WORKER_METRICS_H_
#define HONE_ROLLOUT_WORKER_METRICS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "base/metrics.h"
#include "rollout/engine/engine.h"

namespace hone {

class WorkerMetrics {
 public:
  // `registry` is not owned and outlives this.
  WorkerMetrics(int max_sequences, MetricsRegistry* registry);

  // One step of the engine, whose stats were `before` and `after` it.
  void Step(const EngineStats& before, const EngineStats& after, double seconds);
  void NewWeights(uint64_t version, absl::Duration load, absl::Duration swap);

 private:
  Counter &generated_, &prefilled_, &preemptions_, &drafted_, &accepted_;
  Gauge &running_, &queued_, &kv_used_, &kv_blocks_, &version_;
  Histogram &step_, &load_, &swap_;
};

}  // namespace hone

#endif  // HONE_ROLLOUT_WORKER_METRICS_H_
