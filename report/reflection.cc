#include "report/reflection.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "data/records.h"

namespace hone {

LineKind ClassifyLine(absl::string_view line) {
  line = absl::StripTrailingAsciiWhitespace(line);
  if (line.size() < 2 || !absl::ascii_isdigit(line[line.size() - 2])) return LineKind::kText;
  if (line.back() == 'x') return LineKind::kFailedTry;
  if (line.back() == '!') return LineKind::kSuccessfulTry;
  return LineKind::kText;
}

SearchTrace TraceSearch(absl::string_view completion) {
  SearchTrace trace;
  for (const absl::string_view line : absl::StrSplit(completion, '\n')) {
    switch (ClassifyLine(line)) {
      case LineKind::kText:
        break;
      case LineKind::kFailedTry:
        ++trace.failed_tries;
        break;
      case LineKind::kSuccessfulTry:
        ++trace.successful_tries;
        trace.corrected |= trace.failed_tries > 0;
        break;
    }
  }
  return trace;
}

ReflectionStats CountReflection(absl::Span<const RolloutRecord> records) {
  ReflectionStats stats;
  for (const RolloutRecord& record : records) {
    const SearchTrace trace = TraceSearch(record.completion);
    const bool correct = record.outcome == Name(Outcome::kCorrect);
    const bool incorrect = record.outcome == Name(Outcome::kIncorrect);
    ++stats.samples;
    stats.tries += trace.failed_tries + trace.successful_tries;
    stats.self_corrections += trace.corrected && correct;
    stats.given_up += trace.failed_tries > 0 && trace.successful_tries == 0 &&
                      record.finish_reason == Name(FinishReason::kStop);
    stats.false_claims += trace.successful_tries > 0 && incorrect;
  }
  return stats;
}

}  // namespace hone
