#include "app/task_choice.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "config/load.h"
#include "config/scalar.h"

namespace hone {

StatusOr<SourceSpec> ParseTaskChoice(const std::string& task, std::vector<std::string> overrides) {
  for (std::string& override : overrides) override = absl::StrCat("task.", override);
  const bool is_map = absl::StartsWith(task, "{");
  const std::string block = is_map ? task : absl::StrCat("{name: ", WriteScalar(task), "}");
  return ParseSource(absl::StrCat("task: ", block), "--task", overrides);
}

}  // namespace hone
