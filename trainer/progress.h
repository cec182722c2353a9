// What a person sees while a run goes on: one live line on a terminal, plain lines elsewhere.
// Thread safety: all methods may be called from any thread.
#ifndef HONE_TRAINER_PROGRESS_H_
#define HONE_TRAINER_PROGRESS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "data/run_folder.h"

namespace hone {

class Progress {
 public:
  virtual ~Progress() = default;

  // A stage begins (or goes on) at step `done` of `total`, counted within the stage.
  virtual void StartStage(const std::string& stage, int64_t done, int64_t total) = 0;
  // What the current step is at, e.g. "rollout 512/1024"; shown on terminals only.
  virtual void Phase(const std::string& what) = 0;
  // A step of the stage is done.
  virtual void Step(int64_t done, const StepMetrics& metrics) = 0;
  // A line of its own, e.g. "held-out accuracy 0.31 after sft" or the start of the run.
  virtual void Say(const std::string& line) = 0;
};

// Writes to stderr (file descriptor 2). On a terminal: a live line with a bar, stage, step, reward,
// accuracy, response length, tokens/s and ETA, redrawn at most ten times a second, fitted to the
// width. Else: a plain line a step (at most one every `plain_seconds`, and always the stage's first
// and last).
std::unique_ptr<Progress> MakeProgress(double plain_seconds);

}  // namespace hone

#endif  // HONE_TRAINER_PROGRESS_H_
