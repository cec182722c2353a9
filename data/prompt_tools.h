// What a task needs of the rooms that come after data/, so it is handed in: the model's part in
// making prompts, and the rewards' in checking answers.
#ifndef HONE_DATA_PROMPT_TOOLS_H_
#define HONE_DATA_PROMPT_TOOLS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/answer_check.h"
#include "data/records.h"

namespace hone {

struct ChatMessage {
  std::string role;  // "system", "user", "assistant", …
  std::string content;
};

struct PromptTools {
  // The messages as the model's chat template writes them, up to where the assistant's next answer
  // begins. Empty: the model has no template.
  std::function<StatusOr<std::string>(const std::vector<ChatMessage>& messages)> render_chat;
  // Tokens of the problem's prompt. Empty: no limit on tokens is kept.
  std::function<StatusOr<int64_t>(const Problem& problem)> count_tokens;
  // What is asked of the answers of records.
  AnswerChecks answers;
};

// For text before there is a tokenizer: the contents of the messages, one a line.
PromptTools TextOnlyTools();

}  // namespace hone

#endif  // HONE_DATA_PROMPT_TOOLS_H_
