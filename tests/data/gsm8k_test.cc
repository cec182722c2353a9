#include "data/gsm8k.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "data/task.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// Two questions in the set's form, one of which stands in both files.
constexpr char kTrain[] =
    R"({"question": "Ann has 3 bags of 24 nuts. How many?", "answer": "3*24 = <<3*24=72>>72 nuts.\n#### 72"}
{"question": "Bob pays $1,000 and $80. How much?", "answer": "1,000 + 80 = 1,080\n#### 1,080"}
)";
constexpr char kTest[] =
    R"({"question": "Bob pays $1,000 and  $80. how much?", "answer": "#### 1,080"}
)";

class Gsm8kTest : public testing::Test {
 protected:
  Gsm8kTest() {
    std::ofstream(folder_.File("train.jsonl")) << kTrain;
    std::ofstream(folder_.File("test.jsonl")) << kTest;
  }
  std::unique_ptr<Task> Make(const std::string& prompt_template) {
    TaskSpec spec;
    spec.name = "gsm8k";
    spec.gsm8k.path = folder_.path();
    spec.gsm8k.prompt_template = prompt_template;
    auto task = MakeTask({.task = spec, .data = {}}, {});
    EXPECT_TRUE(task.ok()) << task.status();
    return *std::move(task);
  }
  TempFolder folder_;
};

TEST_F(Gsm8kTest, TrainsOnOneFileAndHoldsOutTheOther) {
  const auto task = Make("plain");
  EXPECT_EQ(task->num_demonstrations(), 1);
  EXPECT_EQ(task->num_heldout(), 1);
  EXPECT_EQ(task->TrainProblem(7, 0)->answer, "72");
  EXPECT_EQ(task->TrainProblem(7, 0)->prompt, "Ann has 3 bags of 24 nuts. How many?");
  EXPECT_EQ(task->HeldoutProblem(0)->answer, "1,080");
  EXPECT_EQ(task->reward().name, "number");
  EXPECT_THAT(task->notes(), testing::ElementsAre(HasSubstr("1 whose prompt is held out")));
  EXPECT_EQ(task->MakeDemonstration(7, 0)->completion, "3*24 = <<3*24=72>>72 nuts.\n#### 72");
}

TEST_F(Gsm8kTest, R1ZeroDemonstrationsHaveTheTags) {
  const auto task = Make("r1_zero");
  EXPECT_THAT(task->TrainProblem(7, 0)->prompt, EndsWith("How many? Assistant: <think>"));
  EXPECT_EQ(task->MakeDemonstration(7, 0)->completion,
            "3*24 = <<3*24=72>>72 nuts.</think> <answer>72</answer>");
}

}  // namespace
}  // namespace hone
