// The rule that judges completions, as an experiment names it.
#ifndef HONE_CONFIG_VERIFIER_SPEC_H_
#define HONE_CONFIG_VERIFIER_SPEC_H_

#include <string>
#include <vector>

namespace hone {

// A verifier by name; may be written as the bare name. Beside `name` a verifier has keys of its
// own: only those are read, printed and sent.
struct VerifierSpec {
  std::string name;

  static std::vector<std::string> Names() {
    return {"countdown", "format", "math", "number", "procedural"};
  }

  template <typename V>
  void Fields(V& v) {
    v("name", name, "countdown, format, math, number or procedural");
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
