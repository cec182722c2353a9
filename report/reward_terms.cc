#include "report/reward_terms.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/term_names.h"
#include "report/format.h"

namespace hone {
namespace {

std::string Number(double value) { return FormatValue(value, Unit::kNumber); }

}  // namespace

std::optional<size_t> StageOfStep(const Experiment& experiment, int64_t step) {
  int64_t first = 1;
  for (size_t i = 0; i < experiment.stages.size(); ++i) {
    const int64_t next = first + experiment.stages[i].steps();
    if (step >= first && step < next) return i;
    first = next;
  }
  return std::nullopt;
}

std::string DescribeReward(const std::optional<Experiment>& experiment,
                           const RolloutRecord& record) {
  std::vector<RewardSpec> terms;
  if (experiment) {
    const std::optional<size_t> stage = StageOfStep(*experiment, record.step);
    if (stage && experiment->stages[*stage].grpo) terms = experiment->stages[*stage].grpo->reward;
  }
  std::vector<std::string> parts;
  if (terms.size() != record.components.size() || terms.empty()) {
    for (const double component : record.components) parts.push_back(Number(component));
    return absl::StrCat(Number(record.reward), parts.empty() ? "" : " of ",
                        absl::StrJoin(parts, ", "));
  }
  const std::vector<std::string> names = TermNames(terms);
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string factor =
        terms[i].weight == 1 ? "" : absl::StrCat(Number(terms[i].weight), " × ");
    parts.push_back(absl::StrCat(factor, names[i], " ", Number(record.components[i])));
  }
  return absl::StrCat(Number(record.reward), " = ", absl::StrJoin(parts, " + "));
}

}  // namespace hone
