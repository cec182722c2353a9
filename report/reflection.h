// How a model searches: tries, checks and corrections in its completions.
#ifndef HONE_REPORT_REFLECTION_H_
#define HONE_REPORT_REFLECTION_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "data/run_folder.h"

namespace hone {

// A try is a line that ends in a digit and then a mark: "8-5=3,3+8=11~24x" failed in the model's
// own judgement, "8-5=3,3*8=24~24!" succeeded.
enum class LineKind { kText, kFailedTry, kSuccessfulTry };
LineKind ClassifyLine(absl::string_view line);

// Over the samples of a step.
struct ReflectionStats {
  int64_t samples = 0;
  int64_t tries = 0;
  int64_t self_corrections = 0;  // samples with a failed try, a later success, a correct answer
  int64_t given_up = 0;          // samples that ended by themselves with failed tries only
  int64_t false_claims = 0;      // samples that claim a success but were judged incorrect

  double TriesPerSample() const { return Share(tries); }
  double Share(int64_t count) const {
    return samples == 0 ? 0 : static_cast<double>(count) / static_cast<double>(samples);
  }
};
ReflectionStats CountReflection(absl::Span<const RolloutRecord> records);

// What one sample does.
struct SearchTrace {
  int failed_tries = 0;
  int successful_tries = 0;
  bool corrected = false;  // a success stands after a failed try
};
SearchTrace TraceSearch(absl::string_view completion);

}  // namespace hone

#endif  // HONE_REPORT_REFLECTION_H_
