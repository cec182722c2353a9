#include "data/example.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "data/r1_zero.h"

namespace hone {
namespace {

constexpr absl::string_view kEndThink = "</think>";

std::string Keys(const nlohmann::json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, unused] : object.items()) keys.push_back(key);
  return absl::StrJoin(keys, ", ");
}

// The value at "a.b", or under the very key "a.b".
StatusOr<const nlohmann::json*> Find(const nlohmann::json& record, const std::string& path) {
  if (const auto whole = record.find(path); whole != record.end()) return &*whole;
  const nlohmann::json* value = &record;
  for (const absl::string_view key : absl::StrSplit(path, '.')) {
    if (!value->is_object())
      return absl::InvalidArgumentError(absl::StrCat("`", path, "` leads into no object"));
    const auto found = value->find(std::string(key));
    if (found == value->end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("no field `", path, "`; there are: ", Keys(*value)));
    }
    value = &*found;
  }
  return value;
}

// A string as it is, anything else as JSON writes it.
std::string Text(const nlohmann::json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

StatusOr<std::string> FindString(const nlohmann::json& record, const std::string& path) {
  HONE_ASSIGN_OR_RETURN(const nlohmann::json* const value, Find(record, path));
  if (value->is_string() || value->is_null()) return Text(*value);
  return absl::InvalidArgumentError(absl::StrCat("`", path, "` must be a string"));
}

StatusOr<std::vector<ChatMessage>> ReadMessages(const nlohmann::json& list,
                                                const std::string& path) {
  const auto wrong = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("`", path, "` must be a list of {role, content}, both strings"));
  };
  std::vector<ChatMessage> messages;
  if (list.is_null()) return messages;
  if (!list.is_array()) return wrong();
  for (const nlohmann::json& item : list) {
    if (!item.is_object() || !item.contains("role") || !item.contains("content") ||
        !item.at("role").is_string() || !item.at("content").is_string()) {
      return wrong();
    }
    messages.push_back({item.at("role").get<std::string>(), item.at("content").get<std::string>()});
  }
  return messages;
}

Status ReadChat(const DataSpec& spec, const nlohmann::json& record, Example* example) {
  HONE_ASSIGN_OR_RETURN(const nlohmann::json* const list, Find(record, spec.messages_field));
  HONE_ASSIGN_OR_RETURN(example->messages, ReadMessages(*list, spec.messages_field));
  std::vector<ChatMessage>& messages = example->messages;
  if (!messages.empty() && messages.back().role == "assistant") {
    example->completion = messages.back().content;
    messages.pop_back();
  }
  example->question = absl::StrJoin(
      messages, "\n",
      [](std::string* out, const ChatMessage& message) { out->append(message.content); });
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> UsedFields(const DataSpec& spec) {
  std::vector<std::string> paths = {
      spec.answer_field, spec.completion_field,
      spec.messages_field.empty() ? spec.prompt_field : spec.messages_field};
  for (const FilterSpec& filter : spec.filters) paths.push_back(filter.field);
  std::vector<std::string> fields;
  for (const std::string& path : paths) {
    fields.push_back(path);  // the key may have the dot itself
    fields.push_back(path.substr(0, path.find('.')));
  }
  return fields;
}

StatusOr<bool> PassesFilters(const DataSpec& spec, const nlohmann::json& record) {
  for (const FilterSpec& filter : spec.filters) {
    HONE_ASSIGN_OR_RETURN(const nlohmann::json* const value, Find(record, filter.field));
    if (Text(*value) != filter.equals) return false;
  }
  return true;
}

StatusOr<Example> ReadExample(const DataSpec& spec, const nlohmann::json& record) {
  Example example;
  if (!spec.messages_field.empty()) {
    HONE_RETURN_IF_ERROR(ReadChat(spec, record, &example));
  } else {
    HONE_ASSIGN_OR_RETURN(example.question, FindString(record, spec.prompt_field));
    if (spec.prompt_template == "chat") {
      if (!spec.system_prompt.empty()) example.messages.push_back({"system", spec.system_prompt});
      example.messages.push_back({"user", example.question});
    }
  }
  if (!spec.completion_field.empty()) {
    HONE_ASSIGN_OR_RETURN(example.completion, FindString(record, spec.completion_field));
  }
  if (spec.answer_field.empty()) return example;
  HONE_ASSIGN_OR_RETURN(const nlohmann::json* const answer, Find(record, spec.answer_field));
  example.answer = Text(*answer);
  if (spec.answer_after.empty() || example.answer.empty()) return example;
  const size_t at = example.answer.rfind(spec.answer_after);
  if (at == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("`", spec.answer_field, "` has no \"",
                                                   spec.answer_after, "\" (answer_after)"));
  }
  example.answer =
      std::string(absl::StripAsciiWhitespace(example.answer.substr(at + spec.answer_after.size())));
  return example;
}

StatusOr<Problem> MakeProblem(const DataSpec& spec, const PromptTools& tools,
                              const Example& example) {
  Problem problem{.prompt = example.question, .answer = example.answer};
  if (spec.prompt_template == "r1_zero") problem.prompt = R1ZeroPrompt(example.question);
  if (spec.prompt_template == "chat") {
    if (!tools.render_chat) {
      return absl::InvalidArgumentError(
          "prompt_template: chat needs a model with a chat template; this one has none");
    }
    HONE_ASSIGN_OR_RETURN(problem.prompt, tools.render_chat(example.messages));
    problem.add_special_tokens = false;
  }
  return problem;
}

std::string MakeCompletion(const DataSpec& spec, const Example& example) {
  const bool in_tags = absl::StrContains(example.completion, kEndThink);
  if (spec.prompt_template != "r1_zero" || example.answer.empty() || in_tags) {
    return example.completion;
  }
  absl::string_view thoughts = example.completion;
  if (!spec.answer_after.empty()) {
    thoughts = thoughts.substr(0, std::min(thoughts.rfind(spec.answer_after), thoughts.size()));
  }
  return R1ZeroCompletion(absl::StripTrailingAsciiWhitespace(thoughts), example.answer);
}

}  // namespace hone
