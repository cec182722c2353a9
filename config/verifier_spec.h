// The rule that judges completions, as an experiment names it.
#ifndef HONE_CONFIG_VERIFIER_SPEC_H_
#define HONE_CONFIG_VERIFIER_SPEC_H_

#include <cstddef>
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

// The share of a problem's tests that a program passes.
struct CodeSpec {
  static constexpr int kCompileSeconds = 20;  // CPU time of the compiler

  std::string credit = "fraction";  // fraction | all
  int time_seconds = 5;
  int total_seconds = 30;
  int wall_seconds = 20;
  int memory_mb = 1024;
  int output_mb = 16;
  double float_tolerance = 1e-6;

  template <typename V>
  void Fields(V& v) {
    v("credit", credit, "fraction: the share of tests passed; all: 1 if all are, else 0");
    v("time_seconds", time_seconds, "CPU time of each test; decides what is too slow");
    v("total_seconds", total_seconds, "CPU time of all tests; those behind it count as failed");
    v("wall_seconds", wall_seconds, "wall-clock time of each test, for programs that only wait");
    v("memory_mb", memory_mb, "address space of the program, in MiB");
    v("output_mb", output_mb, "most that a test may print, in MiB");
    v("float_tolerance", float_tolerance,
      "by how much numbers with a decimal point may differ; absolute below 1, relative above");
  }

  // Wall-clock time of all tests of a program, when no further one is started: as much more than
  // its CPU time as a single test may take.
  double total_wall_seconds() const {
    return static_cast<double>(total_seconds) * wall_seconds / time_seconds;
  }
  // The most that all tests of a program take.
  double max_seconds() const { return total_wall_seconds() + wall_seconds; }

  friend bool operator==(const CodeSpec&, const CodeSpec&) = default;
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

// Words of one language.
struct LanguageSpec {
  std::string language = "en";

  template <typename V>
  void Fields(V& v) {
    v("language", language, "code of ISO 639-1, e.g. en, de, zh");
  }

  static std::vector<std::string> Codes() {
    return {"ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "fa", "fi",
            "fr", "he", "hi", "hy", "id", "it", "ja", "ka", "ko", "nl", "pl",
            "pt", "ro", "ru", "sv", "ta", "te", "th", "tr", "uk", "vi", "zh"};
  }

  friend bool operator==(const LanguageSpec&, const LanguageSpec&) = default;
};

// A penalty that grows from `target` to `limit`.
struct LengthSpec {
  std::string unit = "tokens";  // tokens | characters
  int target = 0;
  int limit = 0;

  template <typename V>
  void Fields(V& v) {
    v("unit", unit, "tokens or characters: what is counted");
    v("target", target, "a length that costs nothing");
    v("limit", limit, "from this length on the reward is -1");
  }

  friend bool operator==(const LengthSpec&, const LengthSpec&) = default;
};

// A reward that goes from one value at length 0 to another at `limit`.
struct LengthCosineSpec {
  std::string unit = "tokens";  // tokens | characters
  int limit = 0;
  double correct_at_0 = 1.0;
  double correct_at_limit = 0.5;
  double wrong_at_0 = -1.0;
  double wrong_at_limit = -0.5;
  double beyond = -1.0;

  template <typename V>
  void Fields(V& v) {
    v("unit", unit, "tokens or characters: what is counted");
    v("limit", limit, "the length that the cosine ends at");
    v("correct_at_0", correct_at_0, "reward of a correct answer without length");
    v("correct_at_limit", correct_at_limit, "reward of a correct answer at the limit");
    v("wrong_at_0", wrong_at_0, "reward of any other answer without length");
    v("wrong_at_limit", wrong_at_limit, "reward of any other answer at the limit");
    v("beyond", beyond, "reward from the limit on");
  }

  friend bool operator==(const LengthCosineSpec&, const LengthCosineSpec&) = default;
};

// The final answer as mathematics.
struct MathSpec {
  std::vector<std::string> extraction = {"mark", "phrase", "whole", "last"};
  std::string candidates = "last";  // last | first
  int digits = 4;
  std::string variables = "by_name";  // by_name | by_position

  template <typename V>
  void Fields(V& v) {
    v("extraction", extraction,
      "where the answer is looked for, in order: mark (the last of the next three), boxed, "
      "answer_tag, hash, phrase, whole, formula, number, last (formula or number)");
    v("candidates", candidates, "last or first: which of several in one place counts");
    v("digits", digits, "significant digits that a rounded decimal needs; 0: none is accepted");
    v("variables", variables,
      "by_name, or by_position: names of variables count for nothing, f(x) is f(y)");
  }

  static std::vector<std::string> Places() {
    return {"mark", "boxed", "answer_tag", "hash", "phrase", "whole", "formula", "number", "last"};
  }

  friend bool operator==(const MathSpec&, const MathSpec&) = default;
};

// A regular expression in RE2's syntax.
struct RegexSpec {
  static constexpr size_t kMaxPatternBytes = 4096;

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

// The verdict of a service of the user's own.
struct RemoteSpec {
  static constexpr int kItemsAtOnce = 128;        // completions that it is asked for
  static constexpr int kLongestPauseSeconds = 1;  // before it is asked again

  std::string url;
  double timeout_seconds = 20;
  int retries = 1;

  template <typename V>
  void Fields(V& v) {
    v("url", url, "http://host:port/path or grpc://host:port: who judges");
    v("timeout_seconds", timeout_seconds, "for an answer, each time it is asked");
    v("retries", retries,
      "times it is asked again when it is absent, late or overloaded (0 to 10)");
  }

  friend bool operator==(const RemoteSpec&, const RemoteSpec&) = default;
};

// Runs of words that stood there before.
struct RepetitionSpec {
  int ngram = 20;

  template <typename V>
  void Fields(V& v) {
    v("ngram", ngram, "words, digits and signs of a run (1 to 1000)");
  }

  friend bool operator==(const RepetitionSpec&, const RepetitionSpec&) = default;
};

// A verifier by name; may be written as the bare name. Beside `name` a verifier has keys of its
// own: only those are read, printed and sent.
struct VerifierSpec {
  std::string name;
  ChoiceSpec choice = {};
  CodeSpec code = {};  // of cpp and python
  ExactSpec exact = {};
  LanguageSpec language = {};
  LengthSpec length = {};
  LengthCosineSpec length_cosine = {};
  MathSpec math = {};
  RegexSpec regex = {};
  RemoteSpec remote = {};
  RepetitionSpec repetition = {};

  static std::vector<std::string> Names() {
    return {"choice",     "countdown", "cpp",           "exact",  "format",
            "language",   "length",    "length_cosine", "math",   "number",
            "procedural", "python",    "regex",         "remote", "repetition"};
  }

  template <typename V>
  void Fields(V& v) {
    v("name", name,
      "choice, countdown, cpp, exact, format, language, length, length_cosine, math, number, "
      "procedural, python, regex, remote or repetition");
    if (name == "choice") choice.Fields(v);
    if (name == "cpp" || name == "python") code.Fields(v);
    if (name == "exact") exact.Fields(v);
    if (name == "language") language.Fields(v);
    if (name == "length") length.Fields(v);
    if (name == "length_cosine") length_cosine.Fields(v);
    if (name == "math") math.Fields(v);
    if (name == "regex") regex.Fields(v);
    if (name == "remote") remote.Fields(v);
    if (name == "repetition") repetition.Fields(v);
  }

  // The most that judging so many completions takes, one after another, in seconds, on a machine
  // that is not overloaded; 0: no time that counts.
  double JudgingSeconds(int num_completions) const {
    if (name == "python") return num_completions * code.max_seconds();
    if (name == "cpp") return num_completions * (code.max_seconds() + CodeSpec::kCompileSeconds);
    if (name != "remote") return 0;
    const int num_calls =
        (num_completions + RemoteSpec::kItemsAtOnce - 1) / RemoteSpec::kItemsAtOnce;
    return num_calls * (remote.retries + 1) *
           (remote.timeout_seconds + RemoteSpec::kLongestPauseSeconds);
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

// The most that judging so many completions by all of these takes, one after another.
inline double JudgingSeconds(const std::vector<RewardSpec>& terms, int num_completions) {
  double seconds = 0;
  for (const RewardSpec& term : terms) seconds += term.JudgingSeconds(num_completions);
  return seconds;
}

}  // namespace hone

#endif  // HONE_CONFIG_VERIFIER_SPEC_H_
