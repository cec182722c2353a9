#include "data/procedural/mixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "data/countdown.h"
#include "data/procedural/procedural_task.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

std::vector<MixturePart> Parts() {
  std::vector<MixturePart> parts(3);
  parts[0].name = "countdown";
  parts[0].countdown.heldout = 20;
  parts[1].name = "arithmetic";
  parts[1].family.heldout = 100;
  parts[1].weight = 3;
  parts[2].name = "sudoku";
  parts[2].family.heldout = 50;
  parts[2].weight = 4;
  return parts;
}

std::string TaskOf(const Problem& problem) {
  return nlohmann::json::parse(problem.answer).at("task");
}

TEST(Mixture, DrawsByWeight) {
  const auto task = MakeMixture(Parts()).value();
  std::map<std::string, int> counts;
  for (uint64_t i = 0; i < 8000; ++i) ++counts[TaskOf(task->TrainProblem(7, i).value())];
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_NEAR(counts["countdown"], 1000, 120);  // four standard deviations
  EXPECT_NEAR(counts["arithmetic"], 3000, 180);
  EXPECT_NEAR(counts["sudoku"], 4000, 180);
}

TEST(Mixture, ItsProblemsAreThoseOfItsParts) {
  const auto task = MakeMixture(Parts()).value();
  const auto arithmetic = MakeProcedural(Parts()[1]).value();
  const auto countdown = MakeCountdown(Parts()[0].countdown).value();
  for (uint64_t i = 0; i < 200; ++i) {
    const Problem problem = task->TrainProblem(7, i).value();
    EXPECT_EQ(problem.answer, task->TrainProblem(7, i)->answer);
    if (TaskOf(problem) == "arithmetic") {
      EXPECT_EQ(problem.prompt, arithmetic->TrainProblem(7, i)->prompt);
    } else if (TaskOf(problem) == "countdown") {
      const Problem its = countdown->TrainProblem(7, i).value();
      EXPECT_EQ(problem.prompt, its.prompt);
      EXPECT_EQ(problem.answer, R"({"task":"countdown",)" + its.answer.substr(1));
    }
  }
  std::set<std::string> kinds;
  for (uint64_t i = 0; i < 100; ++i) {
    kinds.insert(task->MakeDemonstration(7, i)->prompt.substr(0, 12));
  }
  EXPECT_TRUE(kinds.contains("User: sudoku"));
  EXPECT_EQ(task->added_tokens(), countdown->added_tokens());  // the tags once
  EXPECT_EQ(task->reward().name, "procedural");
}

TEST(Mixture, AnyFirstPartOfTheHeldoutSetIsMixed) {
  const auto task = MakeMixture(Parts()).value();
  ASSERT_EQ(task->num_heldout(), 170);
  std::map<std::string, int> counts;
  std::set<std::string> prompts;
  for (int64_t i = 0; i < 170; ++i) {
    const Problem problem = task->HeldoutProblem(i).value();
    ++counts[TaskOf(problem)];
    prompts.insert(problem.prompt);
    if (i == 79) {
      EXPECT_EQ(counts["countdown"], 10);
      EXPECT_EQ(counts["arithmetic"], 30);
      EXPECT_EQ(counts["sudoku"], 40);
    }
  }
  EXPECT_EQ(prompts.size(), 170u);
  EXPECT_EQ(counts["arithmetic"], 100);
}

TEST(Mixture, NamesThePartThatCannotBe) {
  std::vector<MixturePart> parts = Parts();
  parts[2].sudoku.num_blanks = 1;
  parts[2].family.heldout = 1000;
  EXPECT_THAT(MakeMixture(parts).status().message(), HasSubstr("task sudoku: heldout is 1000"));
}

}  // namespace
}  // namespace hone
