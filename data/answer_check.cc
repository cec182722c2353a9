#include "data/answer_check.h"

#include <utility>

namespace hone {

AnswerChecks AnswerChecksOf(const Stage& stage, AnswerCheckMaker make) {
  AnswerChecks checks{std::move(make), std::nullopt, stage.eval().problems > 0};
  if (stage.grpo) checks.training = stage.grpo->reward.front();
  return checks;
}

}  // namespace hone
