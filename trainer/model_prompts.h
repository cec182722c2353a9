// The model's part in making prompts: its chat template and its count of tokens.
#ifndef HONE_TRAINER_MODEL_PROMPTS_H_
#define HONE_TRAINER_MODEL_PROMPTS_H_

#include <string>

#include "base/status.h"
#include "data/prompt_tools.h"
#include "model/tokenizer/tokenizer.h"

namespace hone {

// `folder` is the model's, empty for a model from nothing, which has no chat template. `tokenizer`
// must outlive the tools.
StatusOr<PromptTools> ModelPromptTools(const std::string& folder, const Tokenizer& tokenizer);

}  // namespace hone

#endif  // HONE_TRAINER_MODEL_PROMPTS_H_
