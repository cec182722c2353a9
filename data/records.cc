#include "data/records.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"

namespace hone {
namespace {

// In the order of the enumerations: a value is an index here.
constexpr absl::string_view kFinishReasons[] = {"stop", "length"};
constexpr absl::string_view kOutcomeNames[] = {"correct", "incorrect", "unparseable", "timeout",
                                               "error"};

StatusOr<int> IndexOf(absl::string_view name, absl::Span<const absl::string_view> names,
                      absl::string_view what) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<int>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown ", what, " \"", name, "\"; one of: ", absl::StrJoin(names, ", ")));
}

}  // namespace

absl::string_view Name(FinishReason reason) { return kFinishReasons[static_cast<int>(reason)]; }

absl::string_view Name(Outcome outcome) { return kOutcomeNames[static_cast<int>(outcome)]; }

StatusOr<FinishReason> ParseFinishReason(absl::string_view name) {
  HONE_ASSIGN_OR_RETURN(const int index, IndexOf(name, kFinishReasons, "finish reason"));
  return static_cast<FinishReason>(index);
}

StatusOr<Outcome> ParseOutcome(absl::string_view name) {
  HONE_ASSIGN_OR_RETURN(const int index, IndexOf(name, kOutcomeNames, "outcome"));
  return static_cast<Outcome>(index);
}

}  // namespace hone
