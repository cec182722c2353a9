// The format reward against the pattern that its header states. Input: prompt, zero byte,
// completion.
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "re2/re2.h"
#include "reward/format.h"
#include "tests/fuzz/invariant.h"

namespace hone::fuzz {
namespace {

int Count(absl::string_view text, absl::string_view tag) {
  int count = 0;
  for (size_t at = text.find(tag); at != absl::string_view::npos; at = text.find(tag, at + 1)) {
    ++count;
  }
  return count;
}

// "<think>" is counted in what stands behind the one that opens the thinking.
bool HasTheFormat(const std::string& text) {
  static const RE2 pattern(
      "(?s)<think>.*</think>[ \\t\\n\\v\\f\\r]*<answer>(.*)</answer>[ \\t\\n\\v\\f\\r]*",
      RE2::Latin1);
  std::string answer;
  return RE2::FullMatch(text, pattern, &answer) && Count(text, "<think>") == 1 &&
         Count(text, "</think>") == 1 && Count(text, "<answer>") == 1 &&
         Count(text, "</answer>") == 1 && !absl::StripAsciiWhitespace(answer).empty();
}

}  // namespace
}  // namespace hone::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hone;  // NOLINT(google-build-using-namespace): this function stands outside
  absl::string_view input(reinterpret_cast<const char*>(data), size);
  const absl::string_view prompt = fuzz::TakePart(&input);
  static const auto* verifier = MakeFormatVerifier().release();
  const Verdict verdict = fuzz::JudgeTwice(*verifier, prompt, input, "");
  const bool opened = absl::EndsWith(absl::StripTrailingAsciiWhitespace(prompt), "<think>");
  const bool expected = fuzz::HasTheFormat(absl::StrCat(opened ? "<think>" : "", input));
  fuzz::Promise((verdict.outcome == Outcome::kCorrect) == expected, "the pattern decides");
  fuzz::Promise(verdict.outcome == Outcome::kCorrect || verdict.outcome == Outcome::kUnparseable,
                "a completion has the format or has it not");
  fuzz::Promise(!expected || !verifier->Vote(input).empty(), "what has the format has a vote");
  return 0;
}
