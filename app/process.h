// What concerns the process as a whole: stopping, memory, threads.
#ifndef HONE_APP_PROCESS_H_
#define HONE_APP_PROCESS_H_

#include <atomic>
#include <cstdint>

#include "base/status.h"

namespace hone {

// Raised by SIGINT and SIGTERM, from the first call of this on; before that they end the process,
// as a second one does. In a process that mpirun started: by SIGINT and SIGUSR1, which mpirun hands
// on at once; there SIGTERM is how mpirun tells that another rank is gone. To be watched by whoever
// calls this.
const std::atomic<bool>& StopFlag();
const std::atomic<bool>& RankLostFlag();

// Keeps freed memory for the next step: the learner's tensors come and go in the same sizes, and
// handing pages back to the system costs more than the arithmetic on a small model.
void KeepFreedMemory();

// Cores that this process may use.
int NumCores();
// Memory that could be had without swapping.
int64_t AvailableMemoryBytes();

}  // namespace hone

#endif  // HONE_APP_PROCESS_H_
