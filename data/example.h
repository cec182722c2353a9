// What the fields of a data record mean: a question, its answer, a completion that shows how.
#ifndef HONE_DATA_EXAMPLE_H_
#define HONE_DATA_EXAMPLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "config/task_spec.h"
#include "data/prompt_tools.h"
#include "data/records.h"
#include "data/task.h"
#include "nlohmann/json.hpp"

namespace hone {

struct Example {
  std::string question;               // of messages: their contents, one a line
  std::vector<ChatMessage> messages;  // chat: those before the answer
  std::string answer;                 // empty without an answer field
  std::string completion;             // empty without a completion
};

// The top-level fields that the spec names.
std::vector<std::string> UsedFields(const DataSpec& spec);

// Whether the record passes the filters on fields. InvalidArgument for a field that it
// lacks.
StatusOr<bool> PassesFilters(const DataSpec& spec, const nlohmann::json& record);

// InvalidArgument for a record that lacks a field or has another type in it. Null counts as empty
// text.
StatusOr<Example> ReadExample(const DataSpec& spec, const nlohmann::json& record);

// The text that the model continues. InvalidArgument when the model has no chat template.
StatusOr<Problem> MakeProblem(const DataSpec& spec, const PromptTools& tools,
                              const Example& example);

// The completion as the prompt asks for it: for r1_zero the thoughts, which are the completion up
// to answer_after, and the answer in their tags, unless it has </think> itself.
std::string MakeCompletion(const DataSpec& spec, const Example& example);

}  // namespace hone

#endif  // HONE_DATA_EXAMPLE_H_
