#include "trainer/version_lag.h"

#include <algorithm>
#include <vector>

namespace hone {

VersionLag MeasureVersionLag(absl::Span<const Group* const> groups, uint64_t version) {
  VersionLag lag;
  double sum = 0, tokens = 0;
  for (const Group* group : groups) {
    for (const Completion& completion : group->completions) {
      const std::vector<VersionSpan> one = {{group->policy_version, std::ssize(completion.tokens)}};
      const std::vector<VersionSpan>& spans =
          completion.versions.empty() ? one : completion.versions;
      lag.old_samples += spans.front().version < version;
      for (const VersionSpan& span : spans) {
        const uint64_t behind = version - span.version;
        lag.max = std::max(lag.max, behind);
        if (behind > 0) lag.old_tokens += span.tokens;
        sum += static_cast<double>(behind) * static_cast<double>(span.tokens);
        tokens += static_cast<double>(span.tokens);
      }
    }
  }
  if (tokens > 0) lag.mean = sum / tokens;
  return lag;
}

}  // namespace hone
