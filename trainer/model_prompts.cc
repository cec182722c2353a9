#include "trainer/model_prompts.h"

#include <cstdint>
#include <vector>

namespace hone {

StatusOr<PromptTools> ModelPromptTools(const std::string& folder, const Tokenizer& tokenizer) {
  PromptTools tools;
  tools.count_tokens = [&tokenizer](const Problem& problem) -> StatusOr<int64_t> {
    HONE_ASSIGN_OR_RETURN(const std::vector<int32_t> tokens,
                          tokenizer.Encode(problem.prompt, problem.add_special_tokens));
    return static_cast<int64_t>(tokens.size());
  };
  return tools;
}

}  // namespace hone
