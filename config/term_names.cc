#include "config/term_names.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace hone {

std::vector<std::string> TermNames(absl::Span<const RewardSpec> terms) {
  std::map<std::string, int> seen;
  std::vector<std::string> names;
  for (const RewardSpec& term : terms) {
    const int number = ++seen[term.name];
    names.push_back(number == 1 ? term.name : absl::StrCat(term.name, "-", number));
  }
  return names;
}

}  // namespace hone
