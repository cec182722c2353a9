// A run folder as `hone run` finds it: locked against a second run, of this experiment or of
// another, begun or finished.
#ifndef HONE_APP_RUN_STATE_H_
#define HONE_APP_RUN_STATE_H_

#include <string>

#include "base/status.h"
#include "config/experiment.h"
#include "data/run_folder.h"

namespace hone {

// Holds the folder's lock file until it is destroyed, or the process ends in whatever way.
class RunLock {
 public:
  // FailedPrecondition, with the holder's process id, when another process holds it.
  static StatusOr<RunLock> Take(const RunFolder& folder);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;
  ~RunLock();

 private:
  explicit RunLock(int fd) : fd_(fd) {}
  int fd_;
};

// The summary that a finished run leaves.
std::string SummaryPath(const RunFolder& folder);

// InvalidArgument for a folder that has something in it that no run put there: nothing may be
// written into it, let alone deleted.
Status CheckIsRunFolder(const RunFolder& folder);

// Deletes all that a run writes, but for the lock file.
Status ClearRunFolder(const RunFolder& folder);

// InvalidArgument, with the first line that differs, when the folder holds an experiment whose
// results would be others.
Status CheckSameExperiment(const RunFolder& folder, const Experiment& experiment);

// Writes experiment.yaml, after CheckSameExperiment.
Status WriteExperiment(const RunFolder& folder, const Experiment& experiment);

}  // namespace hone

#endif  // HONE_APP_RUN_STATE_H_
