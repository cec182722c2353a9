#include "reward/procedural/string_manipulation.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "reward/procedural/check.h"
#include "reward/shown.h"

namespace hone {

StatusOr<Verdict> CheckStringManipulation(const nlohmann::json& record, absl::string_view text) {
  HONE_ASSIGN_OR_RETURN(const std::string wanted, TextMember(record, "text"));
  const absl::string_view found = Bare(text);
  if (found.empty() || !std::all_of(found.begin(), found.end(), absl::ascii_isalpha)) {
    return Unparseable(text, "a word");
  }
  if (found != wanted) return Incorrect(absl::StrCat(Shown(found), ", wanted ", Shown(wanted)));
  return Correct(Shown(found));
}

}  // namespace hone
