#include "data/procedural/procedural_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "config/load.h"

namespace hone {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// As an experiment has it; so the keys have passed their checks.
StatusOr<std::unique_ptr<Task>> Make(const std::string& yaml) {
  const auto source = ParseSource("task: " + yaml, "test", {});
  if (!source.ok()) return source.status();
  return MakeTask(*source, TextOnlyTools());
}

std::vector<std::string> Families() {
  std::vector<std::string> names = ProceduralSpec::Names();
  std::erase(names, "countdown");  // has tests of its own
  return names;
}

class Family : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, Family, testing::ValuesIn(Families()),
                         [](const auto& info) { return info.param; });

TEST_P(Family, EverythingIsAFunctionOfSpecSeedAndIndex) {
  const auto a = Make(GetParam()).value(), b = Make(GetParam()).value();
  ASSERT_EQ(a->num_heldout(), 512);
  for (int64_t i = 0; i < a->num_heldout(); ++i) {
    EXPECT_EQ(a->HeldoutProblem(i)->prompt, b->HeldoutProblem(i)->prompt);
  }
  EXPECT_EQ(b->TrainProblem(7, 99)->answer, a->TrainProblem(7, 99)->answer);
  std::set<std::string> first, seeds;
  for (uint64_t i = 0; i < 200; ++i) {
    EXPECT_EQ(a->TrainProblem(7, i)->answer, b->TrainProblem(7, i)->answer);
    EXPECT_EQ(a->MakeDemonstration(7, i)->completion, b->MakeDemonstration(7, i)->completion);
    first.insert(a->TrainProblem(7, i)->prompt);
    seeds.insert(a->TrainProblem(i, 0)->prompt);
  }
  EXPECT_GT(first.size(), 180u);
  EXPECT_GT(seeds.size(), 180u);
}

TEST_P(Family, HeldoutSetsOfTwoSizesAreNestedAndDistinct) {
  const auto small = Make(absl::StrCat("{name: ", GetParam(), ", heldout: 100}")).value();
  const auto whole = Make(GetParam()).value();
  ASSERT_EQ(small->num_heldout(), 100);
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(small->HeldoutProblem(i)->prompt, whole->HeldoutProblem(i)->prompt);
  }
  std::set<std::string> prompts;
  for (int64_t i = 0; i < 512; ++i) prompts.insert(whole->HeldoutProblem(i)->prompt);
  EXPECT_EQ(prompts.size(), 512u);
}

TEST_P(Family, TrainingNeverMeetsAHeldoutProblem) {
  const auto task = Make(GetParam()).value();
  std::set<std::string> heldout;
  for (int64_t i = 0; i < 512; ++i) heldout.insert(task->HeldoutProblem(i)->prompt);
  for (uint64_t i = 0; i < 10'000; ++i) {
    ASSERT_FALSE(heldout.contains(task->TrainProblem(3, i)->prompt));
    ASSERT_FALSE(heldout.contains(task->MakeDemonstration(3, i)->prompt));
  }
}

TEST_P(Family, PromptsHaveTheirTemplates) {
  const auto brief = Make(GetParam()).value();
  const auto r1_zero = Make(absl::StrCat("{name: ", GetParam(), ", prompt_template: r1_zero}"));
  for (uint64_t i = 0; i < 20; ++i) {
    const Problem a = brief->TrainProblem(7, i).value();
    const Problem b = (*r1_zero)->TrainProblem(7, i).value();
    EXPECT_EQ(a.answer, b.answer);
    EXPECT_THAT(a.prompt, StartsWith("User: "));
    EXPECT_THAT(a.prompt, EndsWith("\nAssistant: <think>"));
    EXPECT_THAT(b.prompt, StartsWith("A conversation between User and Assistant. "));
    EXPECT_THAT(b.prompt, EndsWith(" Assistant: <think>"));
    EXPECT_EQ(brief->MakeDemonstration(7, i)->prompt.substr(0, 6), "User: ");
    const auto record = nlohmann::json::parse(a.answer);
    EXPECT_EQ(record.at("task"), GetParam());
    EXPECT_EQ(record.dump().size(), a.answer.size());  // compact
  }
  EXPECT_EQ(brief->reward().name, "procedural");
  EXPECT_THAT(brief->added_tokens(),
              testing::ElementsAre("<think>", "</think>", "<answer>", "</answer>"));
}

TEST_P(Family, DemonstrationsComeBackAndGiveUp) {
  const auto task = Make(GetParam()).value();
  int gave_up = 0, longest = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    const std::string text = task->MakeDemonstration(7, i)->completion;
    const std::pair<std::string, std::string> parts = absl::StrSplit(text, "</think> <answer>");
    EXPECT_THAT(parts.second, EndsWith("</answer>"));
    const std::vector<std::string> lines = absl::StrSplit(parts.first, '\n');
    ASSERT_GE(lines.size(), 2u) << text;
    EXPECT_EQ(lines.back(), "");
    longest = std::max(longest, static_cast<int>(lines.size()) - 1);
    gave_up += lines[lines.size() - 2].back() != '!';
    // A success ends it.
    for (size_t line = 0; line + 2 < lines.size(); ++line) EXPECT_NE(lines[line].back(), '!');
  }
  EXPECT_GT(gave_up, 20);
  EXPECT_LT(gave_up, 980);
  EXPECT_GE(longest, 3);
  EXPECT_LE(longest, 8);
}

// The signed terms of "User: 3 * 2 - 1\n…", in order.
std::string ArithmeticKey(const std::string& prompt) {
  std::string chain = prompt.substr(6, prompt.find('\n') - 6), sign = "+";
  std::vector<std::string> terms, factors;
  const auto end_term = [&] {
    std::sort(factors.begin(), factors.end());
    terms.push_back(sign + absl::StrJoin(factors, "*"));
    factors.clear();
  };
  for (absl::string_view word : absl::StrSplit(chain, ' ')) {
    if (word == "+" || word == "-") {
      end_term();
      sign = std::string(word);
    } else if (word != "*") {
      factors.emplace_back(word);
    }
  }
  end_term();
  std::sort(terms.begin(), terms.end());
  return absl::StrJoin(terms, " ");
}

std::string SudokuKey(const Problem& problem) {
  std::string puzzle = nlohmann::json::parse(problem.answer).at("puzzle");
  std::map<char, char> names;
  for (char& c : puzzle) {
    if (c == '.') continue;
    c = names.emplace(c, static_cast<char>('a' + names.size())).first->second;
  }
  return puzzle;
}

std::string GraphKey(const Problem& problem) {
  const auto record = nlohmann::json::parse(problem.answer);
  std::set<std::string> edges;
  const auto both = [](std::string a, std::string b) { return std::min(a, b) + std::max(a, b); };
  for (const auto& edge : record.at("edges")) edges.insert(both(edge[0], edge[1]) + edge[2].dump());
  return absl::StrCat(absl::StrJoin(edges, " "), " ", both(record.at("from"), record.at("to")));
}

// Held-out and training problems by keys that this test works out itself.
template <typename Key>
void ExpectNoLeak(const std::string& measured, const std::vector<std::string>& trained, Key key) {
  const auto task = Make(measured);
  ASSERT_TRUE(task.ok()) << task.status();
  std::set<std::string> heldout;
  for (int64_t i = 0; i < (*task)->num_heldout(); ++i) {
    heldout.insert(key((*task)->HeldoutProblem(i).value()));
  }
  EXPECT_EQ(heldout.size(), (*task)->num_heldout());
  for (const std::string& other : trained) {
    const auto training = Make(other);
    ASSERT_TRUE(training.ok()) << training.status();
    std::set<std::string> seen;
    for (uint64_t i = 0; i < 20'000; ++i) {
      const std::string found = key((*training)->TrainProblem(5, i).value());
      ASSERT_FALSE(heldout.contains(found)) << found;
      seen.insert(found);
    }
    EXPECT_GT(seen.size(), 100u) << other;
  }
}

TEST(ProceduralTask, VariantsOfHeldoutProblemsNeverTrainNotEvenAtAnotherDifficulty) {
  ExpectNoLeak("{name: arithmetic, num_terms: 3, max_number: 6, heldout: 40}",
               {"{name: arithmetic, num_terms: 3, max_number: 6, heldout: 40}",
                "{name: arithmetic, num_terms: 3, max_number: 7, heldout: 1}"},
               [](const Problem& problem) { return ArithmeticKey(problem.prompt); });
  ExpectNoLeak("{name: sudoku, num_blanks: 3, heldout: 200}",
               {"{name: sudoku, num_blanks: 3, heldout: 200}"}, SudokuKey);
  ExpectNoLeak("{name: shortest_path, num_nodes: 4, num_edges: 4, max_length: 2, heldout: 30}",
               {"{name: shortest_path, num_nodes: 4, num_edges: 4, max_length: 2, heldout: 10}"},
               GraphKey);
}

TEST(ProceduralTask, WithoutAHeldoutSetAllProblemsTrain) {
  const auto all = Make("{name: sudoku, num_blanks: 1, heldout: 0}").value();
  const auto most = Make("{name: sudoku, num_blanks: 1, heldout: 1}").value();
  std::set<std::string> every, some;
  for (uint64_t i = 0; i < 10'000; ++i) {
    every.insert(SudokuKey(all->TrainProblem(7, i).value()));
    some.insert(SudokuKey(most->TrainProblem(7, i).value()));
  }
  EXPECT_EQ(every.size(), 12u * 16);  // 288 grids without the names of their digits, 16 cells
  EXPECT_LT(some.size(), every.size());
}

TEST(ProceduralTask, TooFewProblemsSaysHowMany) {
  const Status status = Make("{name: sudoku, num_blanks: 1, heldout: 100}").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), StartsWith("task sudoku: heldout is 100, but "));
  EXPECT_THAT(status.message(), HasSubstr("different ones to hold out"));
}

// Guards what is measured: if this changes, so does every comparison.
TEST(ProceduralTask, TheHeldoutSetsStayWhatTheyAre) {
  std::string first;
  for (const std::string& name : Families()) {
    const Problem problem = Make(name).value()->HeldoutProblem(0).value();
    absl::StrAppend(&first, problem.prompt.substr(6, problem.prompt.find('\n') - 6), "\n");
  }
  EXPECT_EQ(first,
            "12 - 12 + 3 + 17\n"
            "30 from base 12 to 8\n"
            "make (r^!(p|r))&(p&q) true\n"
            "weekday of 1997-11-22\n"
            "shortest C-A in CD5 CA5 FB3 BC2 EF6 DE1 FA6 EA1 EB1\n"
            "zohzyh: z to j, repeat last, rotate 1\n"
            "sudoku 24.3/1342/..../423.\n");
}

}  // namespace
}  // namespace hone
