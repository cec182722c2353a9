// What concerns the process as a whole: stopping, memory, threads.
#ifndef HONE_APP_PROCESS_H_
#define HONE_APP_PROCESS_H_

#include <atomic>
#include <cstdint>

#include "base/status.h"

namespace hone {

// Raised by SIGINT, SIGTERM and SIGUSR1, from the first call of this on; before that they end the
// process, as a second one does. To be watched by whoever calls this.
const std::atomic<bool>& StopFlag();

// For one of several ranks. From the first call of this on SIGTERM raises this one instead: it is
// how mpirun tells that another rank is gone. What asks them to stop is SIGUSR1, which mpirun hands
// on at once.
const std::atomic<bool>& RankLostFlag();

// The most memory that this process has had resident.
int64_t PeakResidentBytes();

// Memory that could be had without swapping.
int64_t AvailableMemoryBytes();

}  // namespace hone

#endif  // HONE_APP_PROCESS_H_
