#include "data/r1_zero.h"

#include "absl/strings/str_cat.h"

namespace hone {

std::string R1ZeroPrompt(absl::string_view question) {
  return absl::StrCat(
      "A conversation between User and Assistant. The user asks a question, and the Assistant "
      "solves it. The assistant first thinks about the reasoning process in the mind and then "
      "provides the user with the answer. The reasoning process and answer are enclosed within "
      "<think> </think> and <answer> </answer> tags, respectively, i.e., <think> reasoning process "
      "here </think> <answer> answer here </answer>. User: ",
      question, " Assistant: <think>");
}

std::string ShortPrompt(absl::string_view question) {
  return absl::StrCat("User: ", question, "\nAssistant: <think>");
}

std::string R1ZeroCompletion(absl::string_view thoughts, absl::string_view answer) {
  return absl::StrCat(thoughts, "</think> <answer>", answer, "</answer>");
}

std::vector<std::string> R1ZeroTags() { return {"<think>", "</think>", "<answer>", "</answer>"}; }

}  // namespace hone
