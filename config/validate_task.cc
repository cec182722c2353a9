#include "config/validate_task.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "config/scalar.h"
#include "config/shape.h"
#include "config/validate_procedural.h"
#include "config/validate_verifier.h"

namespace hone {
namespace {

void CheckTemplate(Checker& check, const std::string& path, const std::string& name,
                   const std::string& system_prompt) {
  check.OneOf(path + ".prompt_template", name, {"plain", "r1_zero", "chat"});
  check.Require(system_prompt.empty() || name == "chat", path + ".system_prompt",
                "needs prompt_template: chat");
}

void CheckGsm8k(Checker& check, const std::string& path, const Gsm8kSpec& task) {
  check.Require(!task.path.empty(), path + ".path",
                "is missing: the folder with GSM8K's train.jsonl and test.jsonl, e.g. "
                "task: {name: gsm8k, path: DIR}");
  CheckTemplate(check, path, task.prompt_template, task.system_prompt);
  check.AtLeast(path + ".max_prompt_tokens", task.max_prompt_tokens, 0);
}

void CheckTask(Checker& check, const std::string& path, const TaskSpec& task) {
  check.OneOf(path + ".name", task.name, TaskSpec::Names());
  CheckProcedural(check, path, task);
  if (task.name == "mixture") CheckMixture(check, path, task.parts);
  if (task.name == "gsm8k") CheckGsm8k(check, path, task.gsm8k);
}

void CheckData(Checker& check, const std::string& path, const DataSpec& data,
               int heldout_problems) {
  check.Require(!data.path.empty() || !data.heldout_path.empty(), path + ".path",
                "is missing: a .jsonl or .parquet file");
  check.Require(
      data.heldout_fraction >= 0 && data.heldout_fraction < 1, path + ".heldout_fraction",
      absl::StrCat("must be at least 0 and below 1, found ", WriteScalar(data.heldout_fraction)));
  const bool holds_out = !data.heldout_path.empty() || data.heldout_fraction > 0;
  check.Require(holds_out || heldout_problems == 0, path + ".heldout_fraction",
                "is 0 and there is no heldout_path, so there is nothing to measure: set one of "
                "them, or eval.problems: 0");
  check.Require(!data.answer_field.empty() || heldout_problems == 0, path + ".answer_field",
                "is empty, so held-out answers cannot be judged: set it, or eval.problems: 0");
  CheckTemplate(check, path, data.prompt_template, data.system_prompt);
  if (data.messages_field.empty()) {
    check.Require(!data.prompt_field.empty(), path + ".prompt_field", "is empty");
  } else {
    check.Require(data.prompt_template == "chat", path + ".messages_field",
                  "needs prompt_template: chat");
    check.Require(data.system_prompt.empty(), path + ".system_prompt",
                  "excludes messages_field: put it among the messages");
  }
  CheckVerifier(check, path + ".reward", data.reward);
  check.OneOf(path + ".bad_answers", data.bad_answers, {"error", "skip"});
  for (size_t i = 0; i < data.filters.size(); ++i) {
    check.Require(!data.filters[i].field.empty(), absl::StrCat(path, ".filters.", i, ".field"),
                  "is missing");
  }
  check.AtLeast(path + ".min_prompt_chars", data.min_prompt_chars, 0);
  check.AtLeast(path + ".max_prompt_chars", data.max_prompt_chars, 0);
  check.AtLeast(path + ".max_prompt_tokens", data.max_prompt_tokens, 0);
}

}  // namespace

void CheckSource(Checker& check, const std::string& path, const SourceSpec& source,
                 int heldout_problems) {
  const std::string task = JoinPath(path, "task"), data = JoinPath(path, "data");
  check.Require(!source.task || !source.data, data, "excludes task: remove one of the two");
  if (source.task) CheckTask(check, task, *source.task);
  if (source.data) CheckData(check, data, *source.data, heldout_problems);
}

}  // namespace hone
