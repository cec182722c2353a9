#include "data/prompt_tools.h"

#include "absl/strings/str_cat.h"

namespace hone {

PromptTools TextOnlyTools() {
  PromptTools tools;
  tools.render_chat = [](const std::vector<ChatMessage>& messages) -> StatusOr<std::string> {
    std::string text;
    for (const ChatMessage& message : messages) absl::StrAppend(&text, message.content, "\n");
    return text;
  };
  return tools;
}

}  // namespace hone
