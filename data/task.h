// A task: where problems, demonstrations and held-out problems come from.
#ifndef HONE_DATA_TASK_H_
#define HONE_DATA_TASK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/task_spec.h"
#include "data/prompt_tools.h"
#include "data/records.h"

namespace hone {

// Text that the model is trained to continue: the completion carries the loss.
struct Demonstration {
  std::string prompt;
  std::string completion;
  bool add_special_tokens = true;  // see Problem
};

// Everything a task gives is a pure function of (spec, seed, index).
// Thread safety: all methods may be called from several threads.
class Task {
 public:
  virtual ~Task() = default;

  // The index-th problem of training; never one of the held-out set nor a permutation of one.
  virtual StatusOr<Problem> TrainProblem(uint64_t seed, uint64_t index) const = 0;

  // The index-th demonstration for a warm start, on a training problem.
  virtual StatusOr<Demonstration> MakeDemonstration(uint64_t seed, uint64_t index) const = 0;

  // How many there are before they repeat; 0: as many as are asked for.
  virtual int64_t num_demonstrations() const { return 0; }

  // Text such as the model will read and write, to train a tokenizer on.
  virtual StatusOr<std::string> SampleText(uint64_t seed, uint64_t index) const;

  // The held-out problems, index from 0; they do not depend on the run's seed.
  virtual int64_t num_heldout() const = 0;
  virtual StatusOr<Problem> HeldoutProblem(int64_t index) const = 0;

  // The reward that judges answers to its problems.
  virtual VerifierSpec reward() const = 0;

  // Tokens that the tokenizer of an init model should hold whole, e.g. "<think>".
  virtual std::vector<std::string> added_tokens() const = 0;

  // What a person should know of how the problems came about, a line each.
  virtual std::vector<std::string> notes() const { return {}; }
};

// InvalidArgument for an unknown name (with the known ones), a spec without enough problems, or
// files that cannot be used.
StatusOr<std::unique_ptr<Task>> MakeTask(const SourceSpec& source, const PromptTools& tools);

}  // namespace hone

#endif  // HONE_DATA_TASK_H_
