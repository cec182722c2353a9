// The prompt of DeepSeek-R1-Zero (arXiv 2501.12948, table 1), continued by "<think>".
#ifndef HONE_DATA_R1_ZERO_H_
#define HONE_DATA_R1_ZERO_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

std::string R1ZeroPrompt(absl::string_view question);

// The short prompt of procedural tasks: "User: …\nAssistant: <think>".
std::string ShortPrompt(absl::string_view question);

// What both prompts ask for: "thoughts</think> <answer>answer</answer>".
std::string R1ZeroCompletion(absl::string_view thoughts, absl::string_view answer);

// "<think>", "</think>", "<answer>", "</answer>"
std::vector<std::string> R1ZeroTags();

}  // namespace hone

#endif  // HONE_DATA_R1_ZERO_H_
