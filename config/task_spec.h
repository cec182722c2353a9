// Where a stage's problems come from: a named task, or files of one's own.
#ifndef HONE_CONFIG_TASK_SPEC_H_
#define HONE_CONFIG_TASK_SPEC_H_

#include <optional>
#include <string>
#include <vector>

#include "config/procedural_spec.h"
#include "config/verifier_spec.h"

namespace hone {

// GSM8K as its authors publish it: train.jsonl and test.jsonl in a folder.
struct Gsm8kSpec {
  std::string path;
  std::string prompt_template = "r1_zero";  // plain | r1_zero | chat
  std::string system_prompt;
  int max_prompt_tokens = 0;

  template <typename V>
  void Fields(V& v) {
    v("path", path, "the folder with train.jsonl and test.jsonl; the latter is held out");
    v("prompt_template", prompt_template, "plain, r1_zero or chat: the text around the question");
    v("system_prompt", system_prompt, "chat: the system message; empty: none");
    v("max_prompt_tokens", max_prompt_tokens, "longer prompts are left out; 0: no limit");
  }

  friend bool operator==(const Gsm8kSpec&, const Gsm8kSpec&) = default;
};

// A task by name. Beside `name` a task has keys of its own: only those are read and printed.
struct TaskSpec : ProceduralSpec {
  Gsm8kSpec gsm8k;
  std::vector<MixturePart> parts;  // of a mixture

  // In the order that people are told them; the first is the default.
  static std::vector<std::string> Names() {
    std::vector<std::string> names = ProceduralSpec::Names();
    names.insert(names.end(), {"mixture", "gsm8k"});
    return names;
  }

  template <typename V>
  void Fields(V& v) {
    v("name", name,
      "countdown, arithmetic, base_conversion, boolean_logic, calendar, shortest_path, "
      "string_manipulation, sudoku, a mixture of them, or gsm8k");
    OwnFields(v);
    if (name == "mixture") v("parts", parts, "the tasks that problems are drawn from");
    if (name == "gsm8k") gsm8k.Fields(v);
  }

  friend bool operator==(const TaskSpec&, const TaskSpec&) = default;
};

// Keeps the records in which a field has a value.
struct FilterSpec {
  std::string field;
  std::string equals;

  template <typename V>
  void Fields(V& v) {
    v("field", field, "a field of the record; a.b looks into objects");
    v("equals", equals, "the text of its value, e.g. algebra, 5 or true");
  }

  friend bool operator==(const FilterSpec&, const FilterSpec&) = default;
};

// Problems from files of one's own: a record is a line of JSON or a row of Parquet.
struct DataSpec {
  std::string path;
  std::string heldout_path;
  double heldout_fraction = 0.05;
  std::string prompt_field = "prompt";
  std::string messages_field;
  std::string answer_field = "answer";
  std::string answer_after;
  std::string completion_field;
  std::string prompt_template = "plain";  // plain | r1_zero | chat
  std::string system_prompt;
  VerifierSpec reward = {"number"};
  std::string bad_answers = "error";  // error | skip
  std::vector<FilterSpec> filters;
  int min_prompt_chars = 0;
  int max_prompt_chars = 0;
  int max_prompt_tokens = 0;

  template <typename V>
  void Fields(V& v) {
    v("path", path, "training records: a .jsonl or .parquet file");
    v("heldout_path", heldout_path, "held-out records; their prompts never train");
    v("heldout_fraction", heldout_fraction,
      "share of path's prompts held out, chosen by a hash of the prompt; without heldout_path");
    v("prompt_field", prompt_field, "the question; a.b looks into objects");
    v("messages_field", messages_field,
      "chat: a list of {role, content} in place of prompt_field; a last one by the assistant is "
      "the completion");
    v("answer_field", answer_field, "what the reward compares with; empty: there is none");
    v("answer_after", answer_after, "the answer follows the last of this text, e.g. ####");
    v("completion_field", completion_field, "what sft teaches; empty: there is none");
    v("prompt_template", prompt_template, "plain, r1_zero or chat: the text around the question");
    v("system_prompt", system_prompt, "chat: the system message; empty: none");
    v("reward", reward, "judges held-out answers");
    v("bad_answers", bad_answers,
      "error or skip: what becomes of records whose answer the reward cannot judge by");
    v("filters", filters, "only records that pass all of these");
    v("min_prompt_chars", min_prompt_chars, "shorter questions are left out");
    v("max_prompt_chars", max_prompt_chars, "longer questions are left out; 0: no limit");
    v("max_prompt_tokens", max_prompt_tokens, "longer prompts are left out; 0: no limit");
  }

  friend bool operator==(const DataSpec&, const DataSpec&) = default;
};

// A stage's `task:` or `data:`; once an experiment is read, exactly one is set.
struct SourceSpec {
  std::optional<TaskSpec> task;
  std::optional<DataSpec> data;

  template <typename V>
  void Fields(V& v) {
    v("task", task, "the task that gives problems and demonstrations");
    v("data", data, "or records of files");
  }

  friend bool operator==(const SourceSpec&, const SourceSpec&) = default;
};

}  // namespace hone

#endif  // HONE_CONFIG_TASK_SPEC_H_
