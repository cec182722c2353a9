// The rule that judges completions, as an experiment names it.
#ifndef HONE_CONFIG_VERIFIER_SPEC_H_
#define HONE_CONFIG_VERIFIER_SPEC_H_

#include <string>
#include <vector>

namespace hone {

// One of several letters.
struct ChoiceSpec {
  int num_choices = 4;

  template <typename V>
  void Fields(V& v) {
    v("num_choices", num_choices, "letters from A that may be chosen (2 to 26)");
  }

  friend bool operator==(const ChoiceSpec&, const ChoiceSpec&) = default;
};

// The same text.
struct ExactSpec {
  bool ignore_case = false;
  bool ignore_punctuation = false;

  template <typename V>
  void Fields(V& v) {
    v("ignore_case", ignore_case, "letters count in any case");
    v("ignore_punctuation", ignore_punctuation, "punctuation counts for nothing");
  }

  friend bool operator==(const ExactSpec&, const ExactSpec&) = default;
};

// A regular expression in RE2's syntax.
struct RegexSpec {
  std::string pattern;
  std::string text = "answer";  // answer | completion
  std::string match = "full";   // full | search
  bool ignore_case = false;

  template <typename V>
  void Fields(V& v) {
    v("pattern", pattern, "RE2 syntax; empty: each problem's answer is its pattern");
    v("text", text, "answer (the final one) or completion (all of it): what is matched");
    v("match", match, "full (all of the text) or search (some part of it)");
    v("ignore_case", ignore_case, "letters count in any case");
  }

  friend bool operator==(const RegexSpec&, const RegexSpec&) = default;
};

// A verifier by name; may be written as the bare name. Beside `name` a verifier has keys of its
// own: only those are read, printed and sent.
struct VerifierSpec {
  std::string name;
  ChoiceSpec choice = {};
  ExactSpec exact = {};
  RegexSpec regex = {};

  static std::vector<std::string> Names() {
    return {"choice", "countdown", "exact", "format", "math", "number", "regex"};
  }

  template <typename V>
  void Fields(V& v) {
    v("name", name, "choice, countdown, exact, format, math, number or regex");
    if (name == "choice") choice.Fields(v);
    if (name == "exact") exact.Fields(v);
    if (name == "regex") regex.Fields(v);
  }

  friend bool operator==(const VerifierSpec&, const VerifierSpec&) = default;
};

// A term of a stage's reward.
struct RewardSpec : VerifierSpec {
  double weight = 1.0;

  template <typename V>
  void Fields(V& v) {
    VerifierSpec::Fields(v);
    v("weight", weight, "factor in the sum");
  }

  friend bool operator==(const RewardSpec&, const RewardSpec&) = default;
};

}  // namespace hone

#endif  // HONE_CONFIG_VERIFIER_SPEC_H_
