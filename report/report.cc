#include "report/report.h"

#include <set>
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
  MakeNamesUnique(&data);
  return RenderPage(data);
}

Status WriteReport(const RunFolder& folder) {
  HONE_ASSIGN_OR_RETURN(const std::string page, RenderReport(absl::MakeConstSpan(&folder, 1)));
  return WriteFileAtomically(folder.report(), page);
}

}  // namespace hone
