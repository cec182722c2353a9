#include "reward/code/code_block.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "reward/final_answer.h"

namespace hone {
namespace {

// How many backticks a line begins with, if they make a fence; else 0. `mark` gets what follows.
size_t FenceLength(absl::string_view line, absl::string_view* mark) {
  line = absl::StripAsciiWhitespace(line);
  const size_t length = std::min(line.find_first_not_of('`'), line.size());
  *mark = absl::StripAsciiWhitespace(line.substr(length));
  return length >= 3 && !absl::StrContains(*mark, '`') ? length : 0;
}

bool IsOneOf(absl::string_view mark, absl::Span<const absl::string_view> languages) {
  const absl::string_view word = mark.substr(0, mark.find_first_of(" \t{"));
  return std::any_of(languages.begin(), languages.end(), [&](absl::string_view language) {
    return absl::EqualsIgnoreCase(word, language);
  });
}

}  // namespace

std::optional<absl::string_view> LastCodeBlock(absl::string_view completion,
                                               absl::Span<const absl::string_view> languages) {
  absl::string_view text = AfterThinking(completion);
  if (const auto answer = LastAnswerTag(text)) text = *answer;
  std::optional<absl::string_view> marked, unmarked;
  size_t open_length = 0;  // 0: outside of blocks
  size_t begin = 0;
  absl::string_view open_mark;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    absl::string_view mark;
    const size_t length = FenceLength(text.substr(at, end - at), &mark);
    if (open_length == 0 && length > 0) {
      open_length = length;
      open_mark = mark;
      begin = std::min(end + 1, text.size());
    } else if (open_length > 0 && length >= open_length && mark.empty()) {
      const absl::string_view block = text.substr(begin, at - begin);
      if (IsOneOf(open_mark, languages)) marked = block;
      if (open_mark.empty()) unmarked = block;
      open_length = 0;
    }
    at = end + 1;
  }
  return marked ? marked : unmarked;
}

}  // namespace hone
