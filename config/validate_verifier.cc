#include "config/validate_verifier.h"

#include "absl/strings/str_cat.h"
#include "config/remote_url.h"
#include "config/scalar.h"

namespace hone {
namespace {

constexpr int kMaxRetries = 10;
constexpr int kMaxSeconds = 3600;  // of one wait

void CheckCode(Checker& check, const std::string& path, const CodeSpec& code) {
  check.OneOf(path + ".credit", code.credit, {"fraction", "all"});
  check.Between(path + ".time_seconds", code.time_seconds, 1, kMaxSeconds);
  check.Between(path + ".total_seconds", code.total_seconds, code.time_seconds, kMaxSeconds);
  check.Between(path + ".wall_seconds", code.wall_seconds, code.time_seconds, kMaxSeconds);
  check.Between(path + ".memory_mb", code.memory_mb, 64, 1 << 20);
  check.Between(path + ".output_mb", code.output_mb, 1, 1024);
  check.Require(
      code.float_tolerance >= 0 && code.float_tolerance < 1, path + ".float_tolerance",
      absl::StrCat("must be at least 0 and below 1, found ", WriteScalar(code.float_tolerance)));
}

void CheckRegex(Checker& check, const std::string& path, const RegexSpec& regex) {
  check.Require(regex.pattern.size() <= RegexSpec::kMaxPatternBytes, path + ".pattern",
                absl::StrCat("is longer than ", RegexSpec::kMaxPatternBytes, " bytes"));
  check.OneOf(path + ".text", regex.text, {"answer", "completion"});
  check.OneOf(path + ".match", regex.match, {"full", "search"});
}

void CheckUnit(Checker& check, const std::string& path, const std::string& unit) {
  check.OneOf(path + ".unit", unit, {"tokens", "characters"});
}

void CheckLimit(Checker& check, const std::string& path, int limit) {
  check.Require(limit > 0, path + ".limit",
                absl::StrCat(limit == 0 ? "is missing" : "must be above 0",
                             ": the length from which on the reward is at its end"));
}

void CheckLength(Checker& check, const std::string& path, const LengthSpec& length) {
  CheckUnit(check, path, length.unit);
  check.AtLeast(path + ".target", length.target, 0);
  CheckLimit(check, path, length.limit);
  check.Require(length.limit > length.target, path + ".limit",
                absl::StrCat("must be above target, ", length.target, ", found ", length.limit));
}

void CheckMath(Checker& check, const std::string& path, const MathSpec& math) {
  check.Require(!math.extraction.empty(), path + ".extraction",
                "needs at least one place, e.g. [boxed]");
  for (size_t i = 0; i < math.extraction.size(); ++i) {
    check.OneOf(absl::StrCat(path, ".extraction.", i), math.extraction[i], MathSpec::Places());
  }
  check.OneOf(path + ".candidates", math.candidates, {"last", "first"});
  check.Between(path + ".digits", math.digits, 0, 50);
  check.OneOf(path + ".variables", math.variables, {"by_name", "by_position"});
}

void CheckRemote(Checker& check, const std::string& path, const RemoteSpec& remote) {
  const Status url = ParseRemoteUrl(remote.url).status();
  check.Require(url.ok(), path + ".url", url.message());
  check.Positive(path + ".timeout_seconds", remote.timeout_seconds);
  check.Between(path + ".retries", remote.retries, 0, kMaxRetries);
  const double total = remote.timeout_seconds * (remote.retries + 1);
  check.Require(total <= kMaxSeconds, path + ".timeout_seconds",
                absl::StrCat("times retries + 1 is ", total, ": more than ", kMaxSeconds, " s"));
}

}  // namespace

void CheckVerifier(Checker& check, const std::string& path, const VerifierSpec& verifier) {
  check.OneOf(path + ".name", verifier.name, VerifierSpec::Names());
  if (verifier.name == "choice") {
    check.Between(path + ".num_choices", verifier.choice.num_choices, 2, 26);
  }
  if (verifier.name == "cpp" || verifier.name == "python") CheckCode(check, path, verifier.code);
  if (verifier.name == "language") {
    check.OneOf(path + ".language", verifier.language.language, LanguageSpec::Codes());
  }
  if (verifier.name == "length") CheckLength(check, path, verifier.length);
  if (verifier.name == "length_cosine") {
    CheckUnit(check, path, verifier.length_cosine.unit);
    CheckLimit(check, path, verifier.length_cosine.limit);
  }
  if (verifier.name == "math") CheckMath(check, path, verifier.math);
  if (verifier.name == "regex") CheckRegex(check, path, verifier.regex);
  if (verifier.name == "remote") CheckRemote(check, path, verifier.remote);
  if (verifier.name == "repetition") {
    check.Between(path + ".ngram", verifier.repetition.ngram, 1, 1000);
  }
}

}  // namespace hone
