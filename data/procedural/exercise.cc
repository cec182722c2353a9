#include "data/procedural/exercise.h"

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr float kSlipProbability = 0.08f;

}  // namespace

bool Slips(Random* random) { return random->Uniform() < kSlipProbability; }

int64_t Jotted(int64_t result, Random* random) {
  if (!Slips(random)) return result;
  constexpr int kErrors[] = {1, -1, 10, -10};
  return result + kErrors[random->Below(4)];
}

void AppendStep(const std::string& step, std::string* steps) {
  absl::StrAppend(steps, steps->empty() ? "" : ",", step);
}

}  // namespace hone
