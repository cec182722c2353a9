#include "report/report.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "report/page.h"
#include "report/run_data.h"

namespace hone {
namespace {

// Runs of one experiment have one name; a number tells them apart.
void MakeNamesUnique(std::vector<RunData>* runs) {
  std::set<std::string> names;
  for (RunData& run : *runs) {
    const std::string name = run.name;
    for (int i = 2; !names.insert(run.name).second; ++i)
      run.name = absl::StrCat(name, " (", i, ")");
  }
}

// What all names begin with, up to a dash, says nothing.
void ShortenNames(std::vector<RunData>* runs) {
  if (runs->size() < 2) return;
  std::string common = runs->front().name;
  for (const RunData& run : *runs) {
    const auto differ =
        std::mismatch(common.begin(), common.end(), run.name.begin(), run.name.end());
    common.erase(differ.first, common.end());
  }
  const size_t size = common.rfind('-') + 1;  // 0 without a dash
  for (RunData& run : *runs) run.name.erase(0, size);
}

}  // namespace

StatusOr<std::string> RenderReport(absl::Span<const RunFolder> runs) {
  if (runs.empty()) return absl::InvalidArgumentError("a report needs at least one run folder");
  std::vector<RunData> data;
  for (const RunFolder& folder : runs) {
    if (!FileExists(folder.root)) {
      return absl::InvalidArgumentError(absl::StrCat(folder.root, " does not exist"));
    }
    data.push_back(LoadRun(folder));
  }
  ShortenNames(&data);
  MakeNamesUnique(&data);
  return RenderPage(data);
}

Status WriteReport(const RunFolder& folder) {
  HONE_ASSIGN_OR_RETURN(const std::string page, RenderReport(absl::MakeConstSpan(&folder, 1)));
  return WriteFileAtomically(folder.report(), page);
}

}  // namespace hone
