// A model's chat template: messages to the text that the model reads. It comes from the model's
// folder and from nowhere else.
//
// The template language is the part of Jinja that published chat templates use, with the settings
// that transformers gives it (trim_blocks, lstrip_blocks, loop controls); anything else is refused
// by name. A template can only make text: it sees the values below, reads no files and runs no
// code, and its steps, depth and output are bounded (template/budget.h).
//
// Thread safety: const methods may be called from several threads.
#ifndef HONE_MODEL_CHAT_TEMPLATE_H_
#define HONE_MODEL_CHAT_TEMPLATE_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace hone {

class ChatTemplate {
 public:
  // Reads FOLDER/chat_template.jinja, else "chat_template" of FOLDER/tokenizer_config.json (of
  // several, the one named "default"), and the special tokens that tokenizer_config.json names.
  // `now` is what the template's strftime_now() shows: fix it where two runs must agree. NotFound
  // when the folder has no template; InvalidArgument, with file and line, for one that cannot be
  // used.
  static StatusOr<ChatTemplate> Load(const std::string& folder, absl::CivilSecond now);

  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  // The text of a conversation: a non-empty array of objects, by custom with the strings "role" and
  // "content", whose keys are the template's affair. As in transformers, a key whose value is null
  // counts as absent, and "reasoning_content" is also found as "thinking".
  // `add_generation_prompt`: end with what opens the assistant's turn.
  // `variables`: an object with further names that the template may read, "tools" among them; they
  // go before the special tokens.
  // InvalidArgument with the template's line for messages that the template refuses.
  StatusOr<std::string> Render(
      const nlohmann::ordered_json& messages, bool add_generation_prompt,
      const nlohmann::ordered_json& variables = nlohmann::ordered_json::object()) const;

 private:
  struct State;
  explicit ChatTemplate(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hone

#endif  // HONE_MODEL_CHAT_TEMPLATE_H_
