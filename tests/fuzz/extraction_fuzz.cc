// Where answers are found in texts. Input: two bytes that choose the place, the candidate and what
// reads as an answer; then the text.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "reward/final_answer.h"
#include "reward/math/answer_text.h"
#include "reward/math/find_answer.h"
#include "tests/fuzz/invariant.h"

namespace hone::fuzz {
namespace {

constexpr int kNumPlaces = static_cast<int>(math::Place::kLast) + 1;

void CheckBoxes(absl::string_view text) {
  const std::vector<absl::string_view> boxes = Boxes(text);
  for (size_t i = 0; i < boxes.size(); ++i) {
    PromiseWithin(boxes[i], text, "a box stands in the text");
    const auto begin = static_cast<size_t>(boxes[i].data() - text.data());
    Promise(absl::EndsWith(text.substr(0, begin), "\\boxed{"), "a box is opened");
    Promise(absl::StartsWith(text.substr(begin + boxes[i].size()), "}"), "a box is closed");
    Promise(i == 0 || boxes[i - 1].data() + boxes[i - 1].size() < boxes[i].data() + boxes[i].size(),
            "boxes stand in the order in which they close");
  }
  if (!boxes.empty()) {
    Promise(absl::EndsWith(JoinedBoxes(text, boxes), boxes.back()),
            "the last box is in the answer");
  }
}

void CheckMarks(absl::string_view text) {
  CheckBoxes(text);
  const auto tag = LastAnswerTag(text), hashes = LastHashes(text), mark = LastMarkedAnswer(text);
  const auto phrase = AfterAnswerIs(text);
  for (const auto& found : {tag, hashes, mark, phrase}) {
    if (found) PromiseWithin(*found, text, "what is found stands in the text");
  }
  Promise(!tag || !absl::StrContains(*tag, "</answer>"), "a tag ends at its end");
  Promise(!hashes || !absl::StrContains(*hashes, "\n"), "hashes end with their line");
  Promise(!phrase || !absl::StrContains(*phrase, "\n\n"), "a phrase ends with its paragraph");
  Promise(mark.has_value() == (tag || hashes || !Boxes(text).empty()), "a mark is one of three");
  const absl::string_view said = AfterThinking(text);
  PromiseWithin(said, text, "what is said stands in the text");
  Promise(!absl::StrContains(said, "</think>"), "what is said stands behind all thinking");
  const std::string answer = FinalAnswer(text);
  Promise(absl::StripAsciiWhitespace(answer) == answer, "a final answer has no space around it");
}

void CheckAnswerText(absl::string_view text) {
  const std::string compact = math::CompactText(text);
  Promise(compact.size() <= text.size(), "a compact text is no longer");
  Promise(compact.find_first_of(" \t\r\n$~") == std::string::npos, "a compact text has no layout");
  Promise(math::CompactText(absl::StrCat(" $", text)) == compact, "layout counts for nothing");
  Promise(math::BracesMatch(absl::StrCat("\\}{}", text)) == math::BracesMatch(text),
          "matching braces change nothing");
  for (const char letter : {math::ChoiceLetter(text), math::LoneLetter(text)}) {
    Promise(letter == 0 || (letter >= 'A' && letter <= 'J'), "a choice is a letter from A to J");
  }
  const char lone = math::LoneLetter(text);
  Promise(lone == 0 || absl::StrContains(text, std::string(1, lone)), "a lone letter is there");
  if (const auto behind = math::BehindChoice(text)) {
    PromiseWithin(*behind, text, "what stands behind a choice is in the text");
    Promise(!behind->empty(), "something stands behind a choice");
  }
}

// Boxes that are joined begin with one and end with one; everything else is a piece of the text.
void CheckFound(const math::FoundAnswer& found, absl::string_view text) {
  if (found.where != "\\boxed{}") {
    Promise(absl::StrContains(text, found.text), "an answer without boxes is a piece of the text");
    return;
  }
  bool begins = false, ends = false;
  for (const absl::string_view box : Boxes(text)) {
    begins = begins || absl::StartsWith(found.text, box);
    ends = ends || absl::EndsWith(found.text, box);
  }
  Promise(begins && ends, "an answer of boxes is made of boxes");
}

}  // namespace
}  // namespace hone::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hone;  // NOLINT(google-build-using-namespace): this function stands outside
  absl::string_view text(reinterpret_cast<const char*>(data), size);
  const uint8_t place = fuzz::TakeByte(&text), choice = fuzz::TakeByte(&text);
  fuzz::CheckMarks(text);
  fuzz::CheckAnswerText(text);

  math::Extraction extraction;
  if (place % (fuzz::kNumPlaces + 1) > 0) {
    extraction.places = {static_cast<math::Place>(place % (fuzz::kNumPlaces + 1) - 1)};
  }
  extraction.first = choice % 2 == 1;
  // Some texts are answers and some are none, and which depends on the text alone.
  const auto reads = [&](absl::string_view part) {
    return choice / 2 % 4 > 0 && part.size() % 4 < choice / 2 % 4 + size_t{1};
  };
  const auto found = math::FindAnswer(text, extraction, reads);
  if (found) fuzz::CheckFound(*found, AfterThinking(text));
  const auto thought =
      math::FindAnswer(absl::StrCat("\\boxed{7} #### 8 </think>", text), extraction, reads);
  fuzz::Promise(found.has_value() == thought.has_value() &&
                    (!found || (found->text == thought->text && found->where == thought->where)),
                "what was thought is no answer");
  fuzz::CheckFound(math::FindWanted(text, reads), text);
  return 0;
}
