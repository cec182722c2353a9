// The stages of an experiment by the steps of its run, and the terms of their rewards.
#ifndef HONE_REPORT_REWARD_TERMS_H_
#define HONE_REPORT_REWARD_TERMS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "data/run_folder.h"

namespace hone {

// The index of the stage that a step, counted over the run from 1, belongs to; none for a step
// that the experiment does not have.
std::optional<size_t> StageOfStep(const Experiment& experiment, int64_t step);

// How a sample's reward came about: "1.05 = math 1 + 0.1 × format 0.5". Without the experiment,
// or if it does not fit the sample, the components stand without names and weights: "1.05 of 1,
// 0.5".
std::string DescribeReward(const std::optional<Experiment>& experiment,
                           const RolloutRecord& record);

}  // namespace hone

#endif  // HONE_REPORT_REWARD_TERMS_H_
