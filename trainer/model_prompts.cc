#include "trainer/model_prompts.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "model/chat_template.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

// What a template takes for today: fixed, so that a run's prompts do not depend on the day.
constexpr absl::CivilSecond kToday(2025, 1, 1);

StatusOr<std::string> RenderChat(const ChatTemplate& chat_template,
                                 const std::vector<ChatMessage>& messages) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ChatMessage& message : messages) {
    list.push_back({{"role", message.role}, {"content", message.content}});
  }
  return chat_template.Render(list, /*add_generation_prompt=*/true);
}

}  // namespace

StatusOr<PromptTools> ModelPromptTools(const std::string& folder, const Tokenizer& tokenizer) {
  PromptTools tools;
  tools.count_tokens = [&tokenizer](const Problem& problem) -> StatusOr<int64_t> {
    HONE_ASSIGN_OR_RETURN(const std::vector<int32_t> tokens,
                          tokenizer.Encode(problem.prompt, problem.add_special_tokens));
    return static_cast<int64_t>(tokens.size());
  };
  if (folder.empty()) return tools;
  StatusOr<ChatTemplate> loaded = ChatTemplate::Load(folder, kToday);
  if (absl::IsNotFound(loaded.status())) return tools;
  // A template that cannot be used matters only to those who use it.
  const auto chat_template = std::make_shared<const StatusOr<ChatTemplate>>(std::move(loaded));
  tools.render_chat =
      [chat_template](const std::vector<ChatMessage>& messages) -> StatusOr<std::string> {
    if (!chat_template->ok()) return chat_template->status();
    return RenderChat(**chat_template, messages);
  };
  return tools;
}

}  // namespace hone
