#include "reward/final_answer.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr absl::string_view kOpen = "<answer>", kClose = "</answer>";
constexpr absl::string_view kBoxed = "\\boxed{", kHashes = "####", kEndThink = "</think>";
constexpr auto kNone = absl::string_view::npos;
constexpr size_t kMaxBetweenBoxes = 40;
constexpr size_t kMaxWordlessBetweenBoxes = 12;

}  // namespace

std::vector<absl::string_view> Boxes(absl::string_view text) {
  constexpr size_t kOther = kNone;
  std::vector<size_t> open;  // the content's begin of each \boxed{ not yet closed; kOther: plain {
  std::vector<absl::string_view> boxes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (absl::StartsWith(text.substr(i), kBoxed)) {
        i += kBoxed.size() - 1;
        open.push_back(i + 1);
      } else if (!absl::StartsWith(text.substr(i + 1), kBoxed)) {
        ++i;
      }
    } else if (text[i] == '{') {
      open.push_back(kOther);
    } else if (text[i] == '}' && !open.empty()) {
      if (open.back() != kOther) boxes.push_back(text.substr(open.back(), i - open.back()));
      open.pop_back();
    }
  }
  return boxes;
}

std::optional<absl::string_view> LastAnswerTag(absl::string_view text) {
  const size_t last_close = text.rfind(kClose);
  if (last_close == kNone) return std::nullopt;
  const size_t open = text.substr(0, last_close).rfind(kOpen);
  if (open == kNone) return std::nullopt;
  const size_t begin = open + kOpen.size();
  return text.substr(begin, text.find(kClose, begin) - begin);
}

std::optional<absl::string_view> LastHashes(absl::string_view text) {
  const size_t at = text.rfind(kHashes);
  if (at == kNone) return std::nullopt;
  text.remove_prefix(at + kHashes.size());
  return text.substr(0, std::min(text.find('\n'), text.find("</")));
}

std::string TaggedVote(absl::string_view text) {
  std::string vote(LastAnswerTag(text).value_or(""));
  vote.erase(std::remove_if(vote.begin(), vote.end(), absl::ascii_isspace), vote.end());
  return vote;
}

std::optional<absl::string_view> LastMarkedAnswer(absl::string_view text) {
  std::optional<absl::string_view> last, box;
  if (const std::vector<absl::string_view> boxes = Boxes(text); !boxes.empty()) box = boxes.back();
  for (const auto& found : {box, LastAnswerTag(text), LastHashes(text)}) {
    if (found && (!last || found->data() + found->size() > last->data() + last->size())) {
      last = found;
    }
  }
  // A mark may stand within another, "<answer>so #### 18</answer>"; the inner one is more precise.
  if (last && absl::StrContains(*last, kHashes)) last = LastHashes(*last);
  return last;
}

bool JoinsBoxes(absl::string_view between) {
  if (between.size() > kMaxBetweenBoxes) return false;
  for (const absl::string_view end : {". ", "\n\n", ".\n", ":"}) {
    if (absl::StrContains(between, end)) return false;
  }
  const bool words = std::any_of(between.begin(), between.end(), absl::ascii_isalpha);
  if (!words) return between.size() <= kMaxWordlessBetweenBoxes;
  if (absl::StrContains(between, ",") || absl::StrContains(between, "\\quad")) return true;
  for (const absl::string_view word : {"and", "or"}) {
    const size_t at = between.find(word);
    if (at == kNone) continue;
    const bool begins = at == 0 || !absl::ascii_isalpha(between[at - 1]);
    const size_t end = at + word.size();
    if (begins && (end == between.size() || !absl::ascii_isalpha(between[end]))) return true;
  }
  return false;
}

std::string JoinedBoxes(absl::string_view text, const std::vector<absl::string_view>& boxes) {
  size_t first = boxes.size() - 1;
  while (first > 0) {
    const char* before = boxes[first - 1].data() + boxes[first - 1].size() + 1;
    const char* begin = boxes[first].data() - kBoxed.size();
    if (before > begin) break;  // one within the other
    if (!JoinsBoxes(absl::string_view(before, static_cast<size_t>(begin - before)))) break;
    --first;
  }
  std::string joined;
  for (size_t i = first; i < boxes.size(); ++i) {
    absl::StrAppend(&joined, i == first ? "" : " , ", boxes[i]);
  }
  return joined;
}

std::optional<std::string> BoxesOfMark(absl::string_view text, absl::string_view mark) {
  const std::vector<absl::string_view> boxes = Boxes(text);
  const bool boxed = !boxes.empty() && boxes.back().data() >= mark.data() &&
                     boxes.back().data() + boxes.back().size() <= mark.data() + mark.size();
  if (!boxed) return std::nullopt;
  return JoinedBoxes(text, boxes);
}

std::optional<std::string> LastMarkText(absl::string_view text) {
  const std::optional<absl::string_view> mark = LastMarkedAnswer(text);
  if (!mark) return std::nullopt;
  std::optional<std::string> boxes = BoxesOfMark(text, *mark);
  return boxes ? std::move(boxes) : std::string(*mark);
}

std::optional<absl::string_view> AfterAnswerIs(absl::string_view text) {
  constexpr std::array<absl::string_view, 2> kPhrases = {"answer is", "answer:"};
  constexpr size_t kShortest = 7;
  for (size_t i = text.size() < kShortest ? 0 : text.size() - kShortest + 1; i-- > 0;) {
    if (absl::ascii_tolower(text[i]) != 'a') continue;
    for (const absl::string_view phrase : kPhrases) {
      if (!absl::StartsWithIgnoreCase(text.substr(i), phrase)) continue;
      const absl::string_view rest = text.substr(i + phrase.size());
      return rest.substr(0, rest.find("\n\n"));
    }
  }
  return std::nullopt;
}

absl::string_view AfterThinking(absl::string_view text) {
  const size_t at = text.rfind(kEndThink);
  return at == kNone ? text : text.substr(at + kEndThink.size());
}

std::string FinalAnswer(absl::string_view completion) {
  const absl::string_view said = AfterThinking(completion);
  const std::optional<std::string> mark = LastMarkText(said);
  return std::string(absl::StripAsciiWhitespace(mark ? absl::string_view(*mark) : said));
}

}  // namespace hone
