#include "data/countdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace hone {
namespace {

using Key = std::pair<std::vector<int>, int>;  // sorted numbers, target

Key CanonicalKey(absl::string_view answer) {
  const auto json = nlohmann::json::parse(answer.begin(), answer.end());
  std::vector<int> numbers = json.at("numbers");
  std::sort(numbers.begin(), numbers.end());
  return {numbers, json.at("target")};
}

// Of "User: 3 5 8 = 24\nAssistant: <think>".
Key CanonicalKeyOfPrompt(absl::string_view prompt) {
  EXPECT_TRUE(absl::ConsumePrefix(&prompt, "User: "));
  EXPECT_TRUE(absl::ConsumeSuffix(&prompt, "\nAssistant: <think>"));
  const std::pair<std::string, std::string> sides = absl::StrSplit(prompt, " = ");
  Key key;
  for (absl::string_view number : absl::StrSplit(sides.first, ' ')) {
    key.first.push_back(std::stoi(std::string(number)));
  }
  std::sort(key.first.begin(), key.first.end());
  key.second = std::stoi(sides.second);
  return key;
}

std::vector<Problem> Heldout(const Task& task) {
  std::vector<Problem> problems;
  for (int64_t i = 0; i < task.num_heldout(); ++i) {
    problems.push_back(task.HeldoutProblem(i).value());
  }
  return problems;
}

std::set<Key> HeldoutKeys(const Task& task) {
  std::set<Key> keys;
  for (const Problem& problem : Heldout(task)) keys.insert(CanonicalKey(problem.answer));
  return keys;
}

// The value of "a∘b"; operands are numbers.
int64_t Evaluate(absl::string_view step, std::vector<int64_t>* operands) {
  const size_t at = step.find_first_of("+-*/");
  int64_t a = 0, b = 0;
  EXPECT_TRUE(absl::SimpleAtoi(step.substr(0, at), &a)) << step;
  EXPECT_TRUE(absl::SimpleAtoi(step.substr(at + 1), &b)) << step;
  *operands = {a, b};
  switch (step[at]) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    default:
      EXPECT_EQ(a % b, 0) << step;
      return a / b;
  }
}

// expression := operand op operand; operand := number | "(" expression ")". Leaves go to `leaves`.
int64_t EvaluateExpression(absl::string_view* rest, std::vector<int>* leaves) {
  const auto operand = [&]() -> int64_t {
    if (absl::ConsumePrefix(rest, "(")) {
      const int64_t value = EvaluateExpression(rest, leaves);
      EXPECT_TRUE(absl::ConsumePrefix(rest, ")"));
      return value;
    }
    const size_t end = std::min(rest->find_first_not_of("0123456789"), rest->size());
    int number = -1;
    EXPECT_TRUE(absl::SimpleAtoi(rest->substr(0, end), &number)) << *rest;
    rest->remove_prefix(end);
    leaves->push_back(number);
    return number;
  };
  const int64_t a = operand();
  const char op = (*rest)[0];
  rest->remove_prefix(1);
  const int64_t b = operand();
  if (op == '/') {
    EXPECT_EQ(a % b, 0);
  }
  return op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b;
}

struct Checked {
  int tries = 0;
  bool success = false;
};

// Checks every number of a demonstration.
Checked CheckDemonstration(const Demonstration& demonstration) {
  const auto [numbers, target] = CanonicalKeyOfPrompt(demonstration.prompt);
  absl::string_view text = demonstration.completion;
  Checked checked;
  int64_t result = -1;
  while (!absl::StartsWith(text, "</think>")) {
    EXPECT_FALSE(checked.success) << "goes on after a success: " << demonstration.completion;
    const size_t end = text.find('\n');
    absl::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    checked.success = absl::ConsumeSuffix(&line, "!");
    if (!checked.success) {
      EXPECT_TRUE(absl::ConsumeSuffix(&line, "x")) << line;
    }
    EXPECT_TRUE(absl::ConsumeSuffix(&line, "~" + std::to_string(target))) << line;
    std::multiset<int64_t> left(numbers.begin(), numbers.end());
    for (absl::string_view step : absl::StrSplit(line, ',')) {
      const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(step, '=');
      std::vector<int64_t> operands;
      EXPECT_TRUE(absl::SimpleAtoi(sides.second, &result)) << step;
      EXPECT_EQ(Evaluate(sides.first, &operands), result) << step;
      EXPECT_GE(result, 0);
      for (const int64_t operand : operands) {
        EXPECT_TRUE(left.contains(operand)) << step;
        left.extract(operand);
      }
      left.insert(result);
    }
    EXPECT_EQ(left.size(), 1u) << line;
    EXPECT_EQ(checked.success, result == target) << line;
    ++checked.tries;
  }
  EXPECT_TRUE(absl::ConsumePrefix(&text, "</think> <answer>"));
  EXPECT_TRUE(absl::ConsumeSuffix(&text, "</answer>"));
  std::vector<int> leaves;
  EXPECT_EQ(EvaluateExpression(&text, &leaves), result) << demonstration.completion;
  EXPECT_EQ(text, "");
  std::sort(leaves.begin(), leaves.end());
  EXPECT_EQ(leaves, numbers);
  return checked;
}

TEST(CountdownTest, HeldoutProblemsAreDistinct) {
  const auto task = MakeCountdown(CountdownSpec{}).value();
  EXPECT_EQ(task->num_heldout(), 512);
  EXPECT_EQ(HeldoutKeys(*task).size(), 512u);
}

TEST(CountdownTest, PromptAndAnswerSayTheSame) {
  const auto task = MakeCountdown(CountdownSpec{}).value();
  for (const Problem& problem : Heldout(*task)) {
    EXPECT_EQ(CanonicalKeyOfPrompt(problem.prompt), CanonicalKey(problem.answer));
  }
  const Problem problem = task->TrainProblem(7, 0).value();
  const auto answer = nlohmann::json::parse(problem.answer);
  EXPECT_EQ(answer.dump(), problem.answer);  // compact
  const std::vector<int> n = answer.at("numbers");
  const std::string target = answer.at("target").dump();
  EXPECT_EQ(problem.prompt, "User: " + std::to_string(n[0]) + " " + std::to_string(n[1]) + " " +
                                std::to_string(n[2]) + " = " + target + "\nAssistant: <think>");
}

TEST(CountdownTest, R1ZeroPrompt) {
  CountdownSpec spec;
  spec.prompt_template = "r1_zero";
  const auto task = MakeCountdown(spec).value();
  const Problem problem = task->TrainProblem(7, 0).value();
  const auto answer = nlohmann::json::parse(problem.answer);
  const std::vector<int> n = answer.at("numbers");
  EXPECT_TRUE(absl::StartsWith(problem.prompt,
                               "A conversation between User and Assistant. The user asks a "
                               "question, and the Assistant solves it."));
  EXPECT_TRUE(absl::EndsWith(
      problem.prompt,
      " <answer> answer here </answer>. User: Using the numbers " + std::to_string(n[0]) + ", " +
          std::to_string(n[1]) + ", " + std::to_string(n[2]) + ", create an equation that equals " +
          answer.at("target").dump() +
          ". You can use + - * / and each number exactly once. Assistant: <think>"));
  EXPECT_EQ(task->MakeDemonstration(7, 0)->prompt.substr(0, 14), "A conversation");
}

TEST(CountdownTest, TrainingNeverMeetsAHeldoutProblem) {
  const auto task = MakeCountdown(CountdownSpec{}).value();
  const std::set<Key> heldout = HeldoutKeys(*task);
  std::set<Key> seen;
  for (const uint64_t seed : {0, 7, 123456789}) {
    for (uint64_t i = 0; i < 200'000 / 3 + 1; ++i) {
      const Key key = CanonicalKey(task->TrainProblem(seed, i)->answer);
      ASSERT_FALSE(heldout.contains(key));
      seen.insert(key);
    }
  }
  // Every problem that is not held out is met.
  CountdownSpec all;
  all.heldout = 0;
  const auto whole = MakeCountdown(all).value();
  std::set<Key> every;
  for (uint64_t i = 0; i < 100'000; ++i)
    every.insert(CanonicalKey(whole->TrainProblem(1, i)->answer));
  EXPECT_EQ(seen.size() + heldout.size(), every.size());
}

TEST(CountdownTest, DemonstrationsNeverMeetAHeldoutProblem) {
  const auto task = MakeCountdown(CountdownSpec{}).value();
  const std::set<Key> heldout = HeldoutKeys(*task);
  for (const uint64_t seed : {0, 7, 123456789}) {
    for (uint64_t i = 0; i < 20'000; ++i) {
      ASSERT_FALSE(
          heldout.contains(CanonicalKeyOfPrompt(task->MakeDemonstration(seed, i)->prompt)));
    }
  }
}

TEST(CountdownTest, PermutationsAreDrawnEvenly) {
  CountdownSpec spec;
  spec.max_number = 3;
  spec.min_target = spec.max_target = 6;  // 1+2+3 and others
  spec.heldout = 0;
  const auto task = MakeCountdown(spec).value();
  std::map<std::string, int> counts;
  for (uint64_t i = 0; i < 60'000; ++i) {
    const Problem problem = task->TrainProblem(3, i).value();
    if (CanonicalKey(problem.answer).first == std::vector<int>{1, 2, 3}) ++counts[problem.prompt];
  }
  ASSERT_EQ(counts.size(), 6u);
  int total = 0;
  for (const auto& [prompt, count] : counts) total += count;
  for (const auto& [prompt, count] : counts)
    EXPECT_NEAR(count, total / 6.0, total / 30.0) << prompt;
}

TEST(CountdownTest, DemonstrationsAreRightAndOftenFail) {
  const auto task = MakeCountdown(CountdownSpec{}).value();
  constexpr int kCount = 20'000;
  int successes = 0, tries = 0, most = 0;
  size_t characters = 0;
  for (int i = 0; i < kCount && !testing::Test::HasFailure(); ++i) {
    const Demonstration demonstration = task->MakeDemonstration(7, i).value();
    const Checked checked = CheckDemonstration(demonstration);
    successes += checked.success;
    tries += checked.tries;
    most = std::max(most, checked.tries);
    characters += demonstration.completion.size();
  }
  RecordProperty("success_percent", 100 * successes / kCount);
  RecordProperty("mean_characters", static_cast<int>(characters / kCount));
  EXPECT_EQ(most, 15);
  EXPECT_GT(tries, 2 * kCount);
  EXPECT_GT(successes, kCount * 0.2);  // enough to learn from; 0.26 as measured
  EXPECT_LT(successes, kCount * 0.6);  // and room to improve
}

TEST(CountdownTest, DemonstrationsWithTwoAndFourNumbersAreRight) {
  for (const int num_numbers : {2, 4}) {
    CountdownSpec spec;
    spec.num_numbers = num_numbers;
    spec.min_target = 1;
    spec.heldout = 10;
    const auto task = MakeCountdown(spec).value();
    for (int i = 0; i < 2000 && !testing::Test::HasFailure(); ++i) {
      CheckDemonstration(task->MakeDemonstration(7, i).value());
    }
  }
}

TEST(CountdownTest, EverythingIsAFunctionOfSpecSeedAndIndex) {
  const auto a = MakeCountdown(CountdownSpec{}).value(), b = MakeCountdown(CountdownSpec{}).value();
  for (int64_t i = 0; i < a->num_heldout(); ++i) {
    EXPECT_EQ(a->HeldoutProblem(i)->prompt, b->HeldoutProblem(i)->prompt);
  }
  EXPECT_EQ(b->TrainProblem(7, 99)->prompt, a->TrainProblem(7, 99)->prompt);
  for (uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(a->TrainProblem(7, i)->answer, b->TrainProblem(7, i)->answer);
    EXPECT_EQ(a->MakeDemonstration(7, i)->completion, b->MakeDemonstration(7, i)->completion);
  }
  std::set<std::string> first;
  for (uint64_t seed = 0; seed < 20; ++seed) first.insert(a->TrainProblem(seed, 0)->prompt);
  EXPECT_GT(first.size(), 15u);
}

TEST(CountdownTest, HeldoutSetsOfTwoSizesAreNested) {
  CountdownSpec small;
  small.heldout = 100;
  const auto a = MakeCountdown(small).value(), b = MakeCountdown(CountdownSpec{}).value();
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(a->HeldoutProblem(i)->prompt, b->HeldoutProblem(i)->prompt);
  }
}

// Guards what published numbers were measured on: if this changes, so does every comparison.
TEST(CountdownTest, TheHeldoutSetStaysWhatItIs) {
  const auto task = MakeCountdown(CountdownSpec{}).value();
  EXPECT_EQ(task->HeldoutProblem(0)->answer, R"({"numbers":[4,1,5],"target":19})");
  EXPECT_EQ(task->HeldoutProblem(1)->answer, R"({"numbers":[5,8,3],"target":7})");
  EXPECT_EQ(task->HeldoutProblem(2)->answer, R"({"numbers":[2,2,6],"target":24})");
  EXPECT_EQ(task->HeldoutProblem(511)->answer, R"({"numbers":[9,2,4],"target":18})");
}

TEST(CountdownTest, TooFewProblemsSaysHowMany) {
  CountdownSpec spec;
  spec.num_numbers = 2;
  spec.max_number = 3;
  spec.min_target = 1;
  spec.max_target = 10;
  spec.heldout = 16;
  const Status status = MakeCountdown(spec).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), testing::HasSubstr("only 16 solvable problems"));
  spec.heldout = 15;
  EXPECT_TRUE(MakeCountdown(spec).ok());
  spec.heldout = -1;
  EXPECT_TRUE(absl::IsInvalidArgument(MakeCountdown(spec).status()));
}

TEST(CountdownTest, UnknownNamesListTheKnownOnes) {
  TaskSpec spec;
  spec.name = "count";
  EXPECT_THAT(MakeTask({.task = spec, .data = {}}, {}).status().message(),
              testing::HasSubstr("one of: countdown, arithmetic, "));
  CountdownSpec countdown;
  countdown.prompt_template = "long";
  EXPECT_THAT(MakeCountdown(countdown).status().message(), testing::HasSubstr("short, r1_zero"));
}

TEST(CountdownTest, AddedTokens) {
  const std::vector<std::string> tokens = MakeCountdown(CountdownSpec{}).value()->added_tokens();
  ASSERT_EQ(tokens.size(), 4 + 90);
  EXPECT_THAT(absl::MakeSpan(tokens).subspan(0, 5),
              testing::ElementsAre("<think>", "</think>", "<answer>", "</answer>", "10"));
  EXPECT_EQ(tokens.back(), "99");
}

}  // namespace
}  // namespace hone
