#include "data/gsm8k.h"

namespace hone {

DataSpec Gsm8kData(const Gsm8kSpec& spec) {
  DataSpec data;
  data.path = spec.path + "/train.jsonl";
  data.heldout_path = spec.path + "/test.jsonl";
  data.prompt_field = "question";
  data.answer_field = "answer";
  data.answer_after = "####";
  data.completion_field = "answer";
  data.prompt_template = spec.prompt_template;
  data.system_prompt = spec.system_prompt;
  data.max_prompt_tokens = spec.max_prompt_tokens;
  data.reward = {"number"};
  return data;
}

}  // namespace hone
