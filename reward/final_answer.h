// Where in a completion its answer stands.
#ifndef HONE_REWARD_FINAL_ANSWER_H_
#define HONE_REWARD_FINAL_ANSWER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

// What stands in the last pair of <answer> tags. An opening tag that is never closed counts for
// nothing.
std::optional<absl::string_view> LastAnswerTag(absl::string_view text);

// The same without any white space, empty without tags: what a sample votes for.
std::string TaggedVote(absl::string_view text);

// The content of every \boxed{…} in the order in which they close; braces inside may nest, escaped
// ones, \{ and \}, are text. The backslash may be doubled.
std::vector<absl::string_view> Boxes(absl::string_view text);

// What follows the last "####", to the end of its line or a closing tag.
std::optional<absl::string_view> LastHashes(absl::string_view text);

// The content of the last of these in the text, that is, of the one that ends last: \boxed{…},
// <answer>…</answer>, and "#### …" to the end of its line or a closing tag. An unclosed one counts
// for nothing.
std::optional<absl::string_view> LastMarkedAnswer(absl::string_view text);

// Whether what stands between two boxes makes one answer of them: a sign, "and", "or".
bool JoinsBoxes(absl::string_view between);

// The answer that ends with the last of these boxes of the text, with those before that belong to
// it: "1 , 2" for "\boxed{1} or \boxed{2}". So a list of guesses does not become its last.
std::string JoinedBoxes(absl::string_view text, const std::vector<absl::string_view>& boxes);

// Of a mark of the text: the JoinedBoxes() where the last box is this mark or stands in it.
std::optional<std::string> BoxesOfMark(absl::string_view text, absl::string_view mark);

// The last mark; where that is a \boxed{} or has one in it, the JoinedBoxes().
std::optional<std::string> LastMarkText(absl::string_view text);

// What follows the last "answer is" or "answer:" in any case, to the end of the paragraph.
std::optional<absl::string_view> AfterAnswerIs(absl::string_view text);

// The text behind the last </think>, or all of it without one: what was thought is no answer.
absl::string_view AfterThinking(absl::string_view text);

// The final answer of a completion that is compared as text: the last mark (LastMarkText) behind
// the thinking, else all that is said there. Without white space around it; empty when nothing is
// said.
std::string FinalAnswer(absl::string_view completion);

}  // namespace hone

#endif  // HONE_REWARD_FINAL_ANSWER_H_
