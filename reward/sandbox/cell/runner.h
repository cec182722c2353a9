// Runs jobs of a native cell, one after another.
#ifndef HONE_REWARD_SANDBOX_CELL_RUNNER_H_
#define HONE_REWARD_SANDBOX_CELL_RUNNER_H_

namespace hone::sandbox {

// For the first process of a cell: says that it is ready, then does what Hone asks until Hone
// closes the socket.
void RunNativeJobs();

}  // namespace hone::sandbox

#endif  // HONE_REWARD_SANDBOX_CELL_RUNNER_H_
