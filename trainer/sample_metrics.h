// What metrics.jsonl says of a step's samples.
#ifndef HONE_TRAINER_SAMPLE_METRICS_H_
#define HONE_TRAINER_SAMPLE_METRICS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "data/records.h"

namespace hone {

// Means over the samples that were judged: reward_mean, reward_std, accuracy, format_rate,
// response_length_mean, truncated_rate, and for each reward term reward/NAME, before its weight.
// Shares of all samples, which add up to 1: outcome/NAME. Counts: tokens (of the judged samples,
// the prompt counted for each) and verifier_failures. Without a judged sample the means are NaN.
// `term_names` has one name for each of a score's components.
std::vector<std::pair<std::string, double>> DescribeSamples(
    absl::Span<const Group* const> groups, absl::Span<const std::string> term_names);

}  // namespace hone

#endif  // HONE_TRAINER_SAMPLE_METRICS_H_
