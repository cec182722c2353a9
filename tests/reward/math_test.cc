#include "reward/math.h"

#include <ctime>
#include <fstream>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "config/load.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

Verdict JudgeText(absl::string_view completion, absl::string_view answer,
                  absl::string_view prompt = "") {
  return MakeMathVerifier()->Judge(prompt, completion, answer);
}

Outcome Judge(absl::string_view completion, absl::string_view answer,
              absl::string_view prompt = "") {
  return JudgeText(completion, answer, prompt).outcome;
}

std::string Box(absl::string_view answer) { return absl::StrCat("\\boxed{", answer, "}"); }

// Calls for each line of a file of JSON objects, and returns their number.
int ForEachLine(const std::string& name, const std::function<void(const nlohmann::json&)>& call) {
  std::ifstream file(std::string(HONE_SOURCE_DIR "/tests/reward/data/") + name);
  std::string line;
  int lines = 0;
  for (; std::getline(file, line); ++lines) call(nlohmann::json::parse(line));
  return lines;
}

// The reward `math` with the keys of a case.
nlohmann::json Settings(const nlohmann::json& one) {
  nlohmann::json settings = one.value("settings", nlohmann::json::object());
  settings["name"] = "math";
  return settings;
}

// Pairs written and reviewed by hand, from both directions of error.
TEST(Math, JudgesTheTableOfPairs) {
  const int lines = ForEachLine("math_pairs.jsonl", [](const nlohmann::json& pair) {
    const std::string answer = pair.at("answer");
    const std::string completion = pair.at("kind") == "whole completions" ? answer : Box(answer);
    const std::string gold = pair.at("gold");
    const Verdict verdict = JudgeText(completion, gold);
    EXPECT_EQ(verdict.outcome == Outcome::kCorrect, pair.at("expected").get<bool>())
        << gold << "  against  " << answer << ": " << verdict.detail;
  });
  EXPECT_GE(lines, 500);
}

// The cases of Math-Verify's own tests (https://github.com/huggingface/Math-Verify, Apache-2.0),
// where they compare two texts. `settings` are the keys that do what a test's own settings do
// (LaTeX alone, float_rounding, strict). `differs` says why Hone judges otherwise.
TEST(Math, AgreesWithTheCasesOfMathVerify) {
  int differences = 0;
  const int lines = ForEachLine("math_verify_cases.jsonl", [&](const nlohmann::json& one) {
    const bool differs = one.contains("differs");
    differences += differs ? 1 : 0;
    const auto spec = ParseVerifier(Settings(one).dump(), "settings");
    ASSERT_TRUE(spec.ok()) << spec.status();
    const Verdict verdict =
        MakeMathVerifier(spec->math)
            ->Judge("", one.at("completion").get<std::string>(), one.at("gold").get<std::string>());
    EXPECT_EQ((verdict.outcome == Outcome::kCorrect) != differs, one.at("expected").get<bool>())
        << one.at("source") << ": " << one.at("gold") << ": " << verdict.detail;
  });
  EXPECT_EQ(lines, 277);
  EXPECT_LE(differences, 2);
}

// Every wanted answer of the table must be accepted against itself, and by its mathematics alone
// where it has any.
TEST(Math, EveryWantedAnswerEqualsItself) {
  ForEachLine("math_pairs.jsonl", [](const nlohmann::json& pair) {
    const std::string gold = pair.at("gold");
    if (gold.find("boxed") != std::string::npos || gold.find("####") != std::string::npos) return;
    EXPECT_EQ(Judge(Box(gold), gold), Outcome::kCorrect) << gold;
    EXPECT_EQ(Judge(Box(absl::StrCat("{ ", gold, " }")), gold), Outcome::kCorrect) << gold;
  });
}

TEST(Math, SaysWhoseFailureItIs) {
  EXPECT_EQ(Judge("no idea", "18"), Outcome::kUnparseable);
  EXPECT_EQ(Judge("", "18"), Outcome::kUnparseable);
  EXPECT_EQ(Judge("\\boxed{}", "18"), Outcome::kUnparseable);
  EXPECT_EQ(Judge(Box("18"), ""), Outcome::kError);
  EXPECT_EQ(Judge(Box("18"), "  "), Outcome::kError);
  EXPECT_EQ(Judge(Box("18"), std::string(1 << 17, '1')), Outcome::kError);
  EXPECT_EQ(Judge(Box(")("), "18"), Outcome::kIncorrect);
  EXPECT_EQ(JudgeText(Box("18"), "18").reward, 1);
  EXPECT_EQ(JudgeText(Box("17"), "18").reward, 0);
}

TEST(Math, TheQuestionIsNoAnswer) {
  const std::string prompt = "Simplify $(x+1)^2-x^2$.";
  EXPECT_EQ(Judge(Box("2x+1"), "2x+1", prompt), Outcome::kCorrect);
  EXPECT_EQ(Judge(Box("(x+1)^2 - x^2"), "2x+1", prompt), Outcome::kIncorrect);
  EXPECT_EQ(Judge(Box("(x+1)^2 - x^2"), "2x+1"), Outcome::kCorrect);
  // What was wanted may stand in the question too.
  EXPECT_EQ(Judge(Box("3\\sqrt2"), "3\\sqrt{2}", "Which is larger, $2\\sqrt3$ or $3\\sqrt{2}$?"),
            Outcome::kCorrect);
}

TEST(Math, LooksWhereItIsTold) {
  const auto judge = [](const MathSpec& spec, absl::string_view completion) {
    return MakeMathVerifier(spec)->Judge("", completion, "18").outcome;
  };
  const MathSpec boxed = {.extraction = {"boxed"}}, tags = {.extraction = {"answer_tag"}};
  EXPECT_EQ(judge(boxed, "<answer>17</answer> \\boxed{18} #### 3"), Outcome::kCorrect);
  for (const char* completion : {"18", "The answer is 18.", "<answer>18</answer>", "#### 18"}) {
    EXPECT_EQ(judge({}, completion), Outcome::kCorrect) << completion;
    EXPECT_EQ(judge(boxed, completion), Outcome::kUnparseable) << completion;
  }
  EXPECT_EQ(judge(tags, "<answer>18</answer>"), Outcome::kCorrect);
  EXPECT_EQ(judge(tags, "\\boxed{18}"), Outcome::kUnparseable);
  const char* goes_on = "so\n#### 18\n\nQuestion: 2+2?\n#### 4";
  EXPECT_EQ(judge({}, goes_on), Outcome::kIncorrect);
  EXPECT_EQ(judge({.candidates = "first"}, goes_on), Outcome::kCorrect);
  EXPECT_EQ(MakeMathVerifier(boxed)->Judge("", "So it is B.", "B").outcome, Outcome::kUnparseable);
  EXPECT_EQ(MakeMathVerifier(boxed)->Vote("18"), "");
}

TEST(Math, DigitsOfARoundedDecimal) {
  const auto judge = [](int digits, absl::string_view answer, absl::string_view wanted) {
    return MakeMathVerifier({.digits = digits})->Judge("", Box(answer), wanted).outcome;
  };
  EXPECT_EQ(judge(4, "0.33", "1/3"), Outcome::kIncorrect);
  EXPECT_EQ(judge(2, "0.33", "1/3"), Outcome::kCorrect);
  EXPECT_EQ(judge(2, "0.3", "1/3"), Outcome::kIncorrect);
  EXPECT_EQ(judge(2, "0.34", "1/3"), Outcome::kIncorrect);
  EXPECT_EQ(judge(2, "0.25", "1/4"), Outcome::kCorrect);
  EXPECT_EQ(judge(2, "3.14", "\\pi"), Outcome::kCorrect);
  EXPECT_EQ(judge(4, "3.142", "\\pi"), Outcome::kCorrect);
  EXPECT_EQ(judge(6, "3.142", "\\pi"), Outcome::kIncorrect);
  EXPECT_EQ(judge(0, "3.14159265358979", "\\pi"), Outcome::kIncorrect);
  EXPECT_EQ(judge(0, "0.5", "1/2"), Outcome::kCorrect);
}

TEST(Math, VariablesByPosition) {
  const auto judge = [](absl::string_view answer, absl::string_view wanted) {
    return MakeMathVerifier({.variables = "by_position"})->Judge("", Box(answer), wanted).outcome;
  };
  EXPECT_EQ(judge("f(y)", "f(x)"), Outcome::kCorrect);
  EXPECT_EQ(judge("a^2 + 2b", "x^2 + 2y"), Outcome::kCorrect);
  EXPECT_EQ(judge("\\begin{pmatrix}a & b\\end{pmatrix}", "\\begin{pmatrix}x & y\\end{pmatrix}"),
            Outcome::kCorrect);
  EXPECT_EQ(judge("g(y)", "f(x)"), Outcome::kIncorrect);
  EXPECT_EQ(judge("a + a", "x + y"), Outcome::kIncorrect);
  EXPECT_EQ(judge("3a", "2x"), Outcome::kIncorrect);
  EXPECT_EQ(Judge(Box("f(y)"), "f(x)"), Outcome::kIncorrect);
}

TEST(Math, VotesInOneForm) {
  const std::unique_ptr<Verifier> verifier = MakeMathVerifier();
  EXPECT_EQ(verifier->Vote(Box("\\frac{1}{2}")), verifier->Vote("The answer is 0.5."));
  EXPECT_EQ(verifier->Vote(Box("b+a")), verifier->Vote(Box("a + b")));
  EXPECT_NE(verifier->Vote(Box("1")), verifier->Vote(Box("2")));
  EXPECT_EQ(verifier->Vote("no idea"), "");
}

std::string Repeat(absl::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) absl::StrAppend(&text, part);
  return text;
}

// Seconds of this process's own work, whatever else the machine does.
double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Each ends by its budget: incorrect, not timeout or error, and soon: the slowest takes some 20 ms
// of a 2.5 GHz core, and the limit is 50 ms on one five times as slow. Sanitizers cost far more.
#ifdef HONE_SANITIZE
constexpr double kMaxSeconds = 10;
#else
constexpr double kMaxSeconds = 0.25;
#endif

TEST(Math, WhatIsBuiltToExhaustIsIncorrect) {
  const std::string attacks[] = {
      "2003^{2002^{2001}}",
      "9**9**9**9",
      Repeat("9**", 300) + "9",
      Repeat("1+", 20000) + "2",
      Repeat("x+", 20000) + "x",
      Repeat("\\sin 2+", 9000) + "1",
      Repeat("(", 10000) + "1" + Repeat(")", 10000),
      Repeat("{", 10000) + "1" + Repeat("}", 10000),
      Repeat("\\frac{1}{", 5000) + "1" + Repeat("}", 5000),
      Repeat("2^{", 10000) + "1" + Repeat("}", 10000),
      Repeat("|", 10001),
      Repeat("-", 10001) + "1",
      absl::StrCat("5", Repeat("!", 10000)),
      absl::StrCat("x", Repeat("'", 20000)),
      absl::StrCat("x", Repeat("_1", 10000)),
      Repeat("x/", 20000) + "x",
      Repeat("[0,1]\\cup", 5000) + "[0,1]",
      Repeat("1,", 20000) + "1",
      Repeat("\\pm1", 10000),
      Repeat("x<", 20000) + "x",
      Repeat("1\\frac{1}{2}", 5000),
      "\\begin{pmatrix}" + Repeat(Repeat("x&", 19) + "x\\\\", 20) + "\\end{pmatrix}^{16}",
      "100000000!",
      "\\binom{10^9}{5\\cdot10^8}",
      "e^{e^{e^{e^{e}}}}",
      "1e999999999",
      "10^{10^{10}}-10^{10^{10}}+5",
      std::string(60000, '9'),
      "\\overline{" + Repeat("\\overline{", 6000) + "x" + Repeat("}", 6001),
      "\\gcd(" + Repeat("12,", 10000) + "12)",
      "\\text{" + Repeat("a ", 30000) + "}",
      std::string(1 << 17, '\\'),
  };
  for (const std::string& attack : attacks) {
    const double begin = CpuSeconds();
    EXPECT_EQ(Judge(Box(attack), "7"), Outcome::kIncorrect) << attack.substr(0, 40);
    EXPECT_LT(CpuSeconds() - begin, kMaxSeconds) << attack.substr(0, 40);
  }
}

TEST(Math, SearchesHugeTextsInOneGo) {
  for (const char* part : {"\\(", "\\[", "$", "\\boxed{", "{", "answer is ", "1 ", "a1", "\\", "\n",
                           "<answer>", "####", "\xff", "(C) "}) {
    const std::string text = Repeat(part, 1 << 20);
    const double begin = CpuSeconds();
    Judge(text, "7");
    EXPECT_LT(CpuSeconds() - begin, kMaxSeconds) << part;
  }
}

}  // namespace
}  // namespace hone
