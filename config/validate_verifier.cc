#include "config/validate_verifier.h"

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr int kMaxPatternBytes = 4096;

void CheckRegex(Checker& check, const std::string& path, const RegexSpec& regex) {
  check.Require(regex.pattern.size() <= kMaxPatternBytes, path + ".pattern",
                absl::StrCat("is longer than ", kMaxPatternBytes, " bytes"));
  check.OneOf(path + ".text", regex.text, {"answer", "completion"});
  check.OneOf(path + ".match", regex.match, {"full", "search"});
}

}  // namespace

void CheckVerifier(Checker& check, const std::string& path, const VerifierSpec& verifier) {
  check.OneOf(path + ".name", verifier.name, VerifierSpec::Names());
  if (verifier.name == "choice") {
    check.Between(path + ".num_choices", verifier.choice.num_choices, 2, 26);
  }
  if (verifier.name == "regex") CheckRegex(check, path, verifier.regex);
}

}  // namespace hone
