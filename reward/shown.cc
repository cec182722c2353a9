#include "reward/shown.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace hone {

std::string Shown(absl::string_view text) {
  if (text.size() <= kMaxShownBytes) return absl::Utf8SafeCHexEscape(text);
  return absl::StrCat(absl::Utf8SafeCHexEscape(text.substr(0, kMaxShownBytes)), "...");
}

}  // namespace hone
