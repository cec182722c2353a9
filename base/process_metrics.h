// What Prometheus' clients usually tell about their process: processor time, memory, descriptors,
// threads, start.
#ifndef HONE_BASE_PROCESS_METRICS_H_
#define HONE_BASE_PROCESS_METRICS_H_

#include "base/metrics.h"

namespace hone {

// Adds the process_… metrics, read from /proc/self at each exposition. `registry` is not owned.
void AddProcessMetrics(MetricsRegistry* registry);

}  // namespace hone

#endif  // HONE_BASE_PROCESS_METRICS_H_
