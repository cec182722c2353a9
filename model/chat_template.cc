#include "model/chat_template.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "model/json.h"
#include "model/template/ast.h"
#include "model/template/interpreter.h"
#include "model/template/parser.h"
#include "model/tokenizer/utf8.h"

namespace hone {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kMaxTemplateBytes = size_t{1} << 20;
constexpr size_t kMaxConfigBytes = size_t{64} << 20;  // some list every added token

constexpr const char* kSpecialTokens[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                          "pad_token", "cls_token", "mask_token"};
// The names that a message's reasoning goes by; templates read the first.
constexpr const char* kReasoning[] = {"reasoning_content", "thinking", "reasoning"};

struct Source {
  std::string text;
  std::string where;
};

// "chat_template" of tokenizer_config.json: a text, or a list of {"name", "template"}.
StatusOr<Source> TemplateOfConfig(const json& config, const std::string& file) {
  const auto found = config.find("chat_template");
  if (found == config.end() || found->is_null()) {
    return absl::NotFoundError(
        absl::StrCat(file,
                     ": the model has no chat template, neither here under \"chat_template\" "
                     "nor in chat_template.jinja; give plain prompts, or take a chat model"));
  }
  const std::string where = absl::StrCat(file, ": \"chat_template\"");
  if (found->is_string()) return Source{found->get<std::string>(), where};
  if (found->is_array()) {
    for (const json& entry : *found) {
      if (entry.is_object() && entry.value("name", json()) == "default" &&
          entry.value("template", json()).is_string()) {
        return Source{entry["template"].get<std::string>(), where + " \"default\""};
      }
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat(where, " is neither a text nor a list with one named \"default\""));
}

// A special token is a text, or an object with its text as "content".
jinja::Variables SpecialTokens(const json& config) {
  jinja::Variables tokens;
  for (const char* name : kSpecialTokens) {
    json token = config.value(name, json());
    if (token.is_object()) token = token.value("content", json());
    if (token.is_string())
      tokens.emplace_back(name, jinja::Value::String(token.get<std::string>()));
  }
  return tokens;
}

// The message as transformers hands it over: without nulls, its reasoning under the usual names.
StatusOr<ordered_json> PlainMessage(const ordered_json& message, size_t index) {
  if (!message.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("message ", index, " is not an object with \"role\" and \"content\""));
  }
  ordered_json plain = ordered_json::object();
  for (const auto& [key, value] : message.items()) {
    if (!value.is_null()) plain[key] = value;
  }
  for (const char* name : kReasoning) {
    if (!plain.contains(name)) continue;
    const ordered_json reasoning = plain[name];
    if (!plain.contains("thinking")) {
      ordered_json first = {{"thinking", reasoning}};
      first.update(plain);
      plain = std::move(first);
    }
    plain["reasoning_content"] = reasoning;
    break;
  }
  return plain;
}

}  // namespace

struct ChatTemplate::State {
  std::string where;
  jinja::Body body;
  jinja::Variables special_tokens;
  absl::CivilSecond now;
};

StatusOr<ChatTemplate> ChatTemplate::Load(const std::string& folder, absl::CivilSecond now) {
  const std::string config_file = absl::StrCat(folder, "/tokenizer_config.json");
  json config = json::object();
  if (const StatusOr<std::string> text = ReadFile(config_file); text.ok()) {
    JsonLimits limits;
    limits.max_bytes = kMaxConfigBytes;
    HONE_ASSIGN_OR_RETURN(config, ParseJson(*text, limits, config_file));
    if (!config.is_object()) {
      return absl::InvalidArgumentError(absl::StrCat(config_file, ": is not a JSON object"));
    }
  } else if (!absl::IsNotFound(text.status())) {
    return text.status();
  }
  Source source;
  source.where = absl::StrCat(folder, "/chat_template.jinja");
  if (StatusOr<std::string> text = ReadFile(source.where); text.ok()) {
    source.text = *std::move(text);
  } else if (absl::IsNotFound(text.status())) {
    HONE_ASSIGN_OR_RETURN(source, TemplateOfConfig(config, config_file));
  } else {
    return text.status();
  }
  if (source.text.size() > kMaxTemplateBytes) {
    return absl::InvalidArgumentError(absl::StrCat(source.where, ": a template of ",
                                                   source.text.size(), " bytes; at most ",
                                                   kMaxTemplateBytes, " are read"));
  }
  StatusOr<jinja::Body> body = jinja::Parse(RepairUtf8(source.text));
  if (!body.ok()) return Annotate(body.status(), source.where);
  auto state = std::make_unique<State>();
  state->where = std::move(source.where);
  state->body = *std::move(body);
  state->special_tokens = SpecialTokens(config);
  state->now = now;
  return ChatTemplate(std::move(state));
}

ChatTemplate::ChatTemplate(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

StatusOr<std::string> ChatTemplate::Render(const ordered_json& messages, bool add_generation_prompt,
                                           const ordered_json& variables) const {
  using jinja::Value;
  if (!messages.is_array() || messages.empty()) {
    return absl::InvalidArgumentError("a chat is a list of at least one message");
  }
  ordered_json plain = ordered_json::array();
  for (size_t i = 0; i < messages.size(); ++i) {
    HONE_ASSIGN_OR_RETURN(ordered_json message, PlainMessage(messages[i], i));
    plain.push_back(std::move(message));
  }
  HONE_ASSIGN_OR_RETURN(Value chat, Value::FromJson(plain));
  jinja::Variables all = state_->special_tokens;
  all.emplace_back("tools", Value::MakeNone());
  all.emplace_back("documents", Value::MakeNone());
  all.emplace_back("messages", std::move(chat));
  all.emplace_back("add_generation_prompt", Value::Bool(add_generation_prompt));
  for (const auto& [name, value] : variables.items()) {
    HONE_ASSIGN_OR_RETURN(Value given, Value::FromJson(value));
    all.emplace_back(name, std::move(given));
  }
  StatusOr<std::string> text = jinja::Run(state_->body, all, state_->now);
  if (!text.ok()) return Annotate(text.status(), state_->where);
  return text;
}

}  // namespace hone
