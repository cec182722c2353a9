#include "config/nearest.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hone {
namespace {

// Optimal string alignment distance, by rows of the table of prefixes.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string NearestOf(absl::string_view name, absl::Span<const std::string> candidates) {
  if (name.empty()) return "";
  const std::string wanted = absl::AsciiStrToLower(name.substr(0, 256));
  std::string nearest, completion;
  size_t nearest_distance = 0;
  int completions = 0;
  for (const std::string& candidate : candidates) {
    const std::string known = absl::AsciiStrToLower(candidate);
    const size_t limit = std::max<size_t>(1, known.size() / 3);
    const size_t distance = EditDistance(wanted, known);
    // Replacing every character of a short candidate would make anything near.
    if (distance <= limit && distance < known.size() &&
        (nearest.empty() || distance < nearest_distance)) {
      nearest = candidate;
      nearest_distance = distance;
    }
    if (wanted.size() >= 2 && absl::StartsWith(known, wanted)) {
      completion = candidate;
      ++completions;
    }
  }
  if (nearest.empty() && completions == 1) return completion;
  return nearest;
}

std::string Suggestion(absl::string_view name, absl::Span<const std::string> candidates) {
  const std::string nearest = NearestOf(name, candidates);
  if (!nearest.empty()) return absl::StrCat("; did you mean `", nearest, "`?");
  if (candidates.empty()) return "";
  return absl::StrCat("; valid ", candidates.size() == 1 ? "is" : "are", " `",
                      absl::StrJoin(candidates, "`, `"), "`");
}

}  // namespace hone
