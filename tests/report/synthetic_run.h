// A run folder as a countdown run leaves it, made up.
#ifndef HONE_TESTS_REPORT_SYNTHETIC_RUN_H_
#define HONE_TESTS_REPORT_SYNTHETIC_RUN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "data/run_folder.h"

namespace hone {

struct SyntheticRun {
  std::string name = "countdown";
  uint64_t seed = 7;
  int sft_steps = 60;
  int grpo_steps = 60;
  int planned_grpo_steps = 60;
  int heldout_problems = 64;
  int heldout_samples = 4;
  int prompts_per_step = 8;
  int samples_per_prompt = 8;
  bool ledger = true;
  double lr = 1e-4;
};

// Writes experiment.yaml, metrics.jsonl, rollouts/ and ledger.sqlite; fails the test on an error.
void WriteSyntheticRun(const RunFolder& folder, const SyntheticRun& run);

}  // namespace hone

#endif  // HONE_TESTS_REPORT_SYNTHETIC_RUN_H_
