#include "data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/philox.h"
#include "nlohmann/json.hpp"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string Line(const std::string& prompt, const std::string& answer,
                 const std::string& completion = "") {
  return nlohmann::json{{"prompt", prompt}, {"answer", answer}, {"text", completion}}.dump() + "\n";
}

class DatasetTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.File(name), std::ios::binary) << text;
    return folder_.File(name);
  }

  static std::unique_ptr<Task> Make(const DataSpec& spec, const PromptTools& tools = {}) {
    auto task = MakeDataset(spec, tools);
    EXPECT_TRUE(task.ok()) << task.status();
    return *std::move(task);
  }
  static std::string ErrorOf(const DataSpec& spec) {
    const Status status = MakeDataset(spec, {}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  }

  static std::vector<std::string> Heldout(const Task& task) {
    std::vector<std::string> prompts;
    for (int64_t i = 0; i < task.num_heldout(); ++i) {
      prompts.push_back(task.HeldoutProblem(i)->prompt);
    }
    return prompts;
  }
  // One pass of training.
  static std::vector<std::string> Training(const Task& task, uint64_t seed = 7, int epoch = 0) {
    std::vector<std::string> prompts;
    const int64_t size = task.num_demonstrations();
    for (int64_t i = 0; i < size; ++i) {
      prompts.push_back(task.TrainProblem(seed, epoch * size + i)->prompt);
    }
    return prompts;
  }

  TempFolder folder_;
};

// How a prompt may come again: other cases, other white space, other widths of its letters.
std::string Disguise(const std::string& prompt, Random* random) {
  std::string text;
  for (const char c : prompt) {
    if (c == ' ') {
      for (uint32_t n = random->Below(3) + 1; n > 0; --n) {
        text += std::vector<std::string>{
            " ", "\t", "\n", "\u00a0", "\u2009", " \u200b"}[random->Below(6)];
      }
    } else if (absl::ascii_isalpha(c) && random->Below(8) == 0) {
      const int wide = 0xFF21 + (absl::ascii_toupper(c) - 'A');  // full-width capital, 3 bytes
      text += {static_cast<char>(0xE0 | wide >> 12), static_cast<char>(0x80 | (wide >> 6 & 0x3F)),
               static_cast<char>(0x80 | (wide & 0x3F))};
    } else {
      text += random->Below(2) == 0 ? absl::ascii_toupper(c) : absl::ascii_tolower(c);
    }
  }
  if (random->Below(3) == 0) text = " " + text + "\n";
  return text;
}

// The property that matters: however prompts repeat, no prompt trains that is held out.
TEST_F(DatasetTest, NoPromptStandsOnBothSides) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed, 0);
    std::string train, heldout;
    std::map<std::string, std::string> plain;  // by what was written
    for (int i = 0; i < 300; ++i) {
      const std::string prompt =
          absl::StrCat("What are ", random.Below(40), " apples and ", random.Below(4), " pears?");
      const std::string written = random.Below(3) == 0 ? prompt : Disguise(prompt, &random);
      plain[written] = prompt;
      (random.Below(4) == 0 ? heldout : train) += Line(written, absl::StrCat(random.Below(3)));
    }
    for (const bool own_file : {false, true}) {
      DataSpec spec;
      spec.path = Write("train.jsonl", own_file ? train : train + heldout);
      if (own_file) spec.heldout_path = Write("heldout.jsonl", heldout);
      spec.heldout_fraction = 0.3;
      const auto task = Make(spec);
      std::set<std::string> held, trained;
      for (const std::string& prompt : Heldout(*task)) held.insert(plain.at(prompt));
      for (const std::string& prompt : Training(*task)) trained.insert(plain.at(prompt));
      for (int64_t i = 0; i < task->num_demonstrations(); ++i) {
        trained.insert(plain.at(task->MakeDemonstration(seed, i)->prompt));
      }
      EXPECT_FALSE(held.empty());
      EXPECT_FALSE(trained.empty());
      for (const std::string& prompt : held) {
        ASSERT_FALSE(trained.contains(prompt)) << prompt << " seed " << seed;
      }
      std::set<std::string> all = held;
      all.insert(trained.begin(), trained.end());
      std::set<std::string> wanted;
      for (const auto& [written, prompt] : plain) wanted.insert(prompt);
      EXPECT_EQ(all, wanted);  // and nothing is lost
    }
  }
}

TEST_F(DatasetTest, AHeldoutPromptThatIsFilteredOutDoesNotTrainEither) {
  DataSpec spec;
  spec.path = Write("train.jsonl", Line("a long question", "1") + Line("b", "2"));
  spec.heldout_path = Write("heldout.jsonl", Line("A  LONG question", "1") + Line("c", "3"));
  spec.max_prompt_chars = 15;
  spec.heldout_path = Write("heldout.jsonl", Line("A  LONG question", "1") + Line("c", "3"));
  const auto task = Make(spec);
  EXPECT_THAT(Heldout(*task), ElementsAre("c"));
  EXPECT_THAT(Training(*task), ElementsAre("b"));
  EXPECT_THAT(
      task->notes(),
      ElementsAre(HasSubstr("heldout.jsonl: of 2 records, left out are 1 by the filters"),
                  HasSubstr("train.jsonl: of 2 records, left out are 1 whose prompt is held")));
}

TEST_F(DatasetTest, TheFractionIsKeptAndSmallerOnesAreNested) {
  std::string text;
  for (int i = 0; i < 4000; ++i) text += Line(absl::StrCat("question ", i), "1");
  DataSpec spec;
  spec.path = Write("a.jsonl", text);
  spec.heldout_fraction = 0.1;
  const auto tenth = Make(spec);
  EXPECT_NEAR(tenth->num_heldout(), 400, 5 * 19);  // five standard deviations
  EXPECT_EQ(tenth->num_heldout() + tenth->num_demonstrations(), 4000);
  EXPECT_THAT(tenth->notes(), IsEmpty());
  spec.heldout_fraction = 0.05;
  const std::vector<std::string> half = Heldout(*Make(spec));
  const std::vector<std::string> whole = Heldout(*tenth);
  EXPECT_TRUE(std::equal(half.begin(), half.end(), whole.begin()));
  spec.heldout_fraction = 0;
  EXPECT_EQ(Make(spec)->num_heldout(), 0);
}

// The split must not change between versions: what was trained on would be measured.
TEST_F(DatasetTest, TheSplitStaysWhatItIs) {
  EXPECT_EQ(PromptHash("What  is\n1+1?"), PromptHash("what is 1+1?"));
  EXPECT_EQ(PromptHash("what is 1+1?"), 0x0ab60986ffbd49a1ULL);
  EXPECT_NE(PromptHash("1-1"), PromptHash("1+1"));
}

TEST_F(DatasetTest, EachPassIsAPermutationOfItsOwn) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += Line(absl::StrCat("q", i), absl::StrCat(i));
  DataSpec spec;
  spec.path = Write("a.jsonl", text);
  spec.heldout_fraction = 0;
  const auto task = Make(spec), again = Make(spec);
  std::vector<std::string> first = Training(*task), second = Training(*task, 7, 1);
  EXPECT_EQ(first, Training(*again));
  EXPECT_NE(first, second);
  EXPECT_NE(first, Training(*task, 8));
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  EXPECT_EQ(first, second);
  EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), 100u);
  EXPECT_EQ(task->TrainProblem(7, 3)->answer, task->TrainProblem(7, 3)->prompt.substr(1));
}

TEST_F(DatasetTest, RepeatedAndEmptyRecordsAreLeftOutAndCounted) {
  DataSpec spec;
  spec.path = Write("a.jsonl", Line("a", "1") + Line("a", "1") + Line("a", "2") + Line("", "1") +
                                   Line(" \t", "1") + Line("b", "") + "\n\n" + Line("b", "3"));
  spec.heldout_fraction = 0;
  const auto task = Make(spec);
  EXPECT_EQ(task->num_demonstrations(), 3);
  EXPECT_THAT(task->notes(),
              ElementsAre(HasSubstr("of 7 records, left out are 3 with an empty prompt "
                                    "or answer, 1 that stood there before")));
  // Other completions of one prompt are other demonstrations.
  spec.completion_field = "text";
  spec.path = Write("b.jsonl", Line("a", "1", "x") + Line("a", "1", "y") + Line("a", "1", "x"));
  EXPECT_EQ(Make(spec)->num_demonstrations(), 2);
}

TEST_F(DatasetTest, FiltersOnFieldsLengthsAndTokens) {
  DataSpec spec;
  spec.heldout_fraction = 0;
  spec.path = Write("a.jsonl", Line("aa", "1") + Line("ääää", "1") + Line("aaaaaa", "2"));
  spec.min_prompt_chars = 3;
  EXPECT_EQ(Make(spec)->num_demonstrations(), 2);
  spec.max_prompt_chars = 4;
  EXPECT_THAT(Training(*Make(spec)), ElementsAre("ääää"));
  spec.min_prompt_chars = spec.max_prompt_chars = 0;
  spec.filters = {{"answer", "2"}};
  EXPECT_THAT(Training(*Make(spec)), ElementsAre("aaaaaa"));
  spec.filters.clear();
  spec.max_prompt_tokens = 5;
  PromptTools tools;
  tools.count_tokens = [](const Problem& problem) -> StatusOr<int64_t> {
    return static_cast<int64_t>(problem.prompt.size());
  };
  EXPECT_THAT(Training(*Make(spec, tools)), ElementsAre("aa"));
  EXPECT_EQ(Make(spec)->num_demonstrations(), 3);  // no tokenizer, no limit
}

// Whole numbers pass, by a reward of any name; the reward `format` is asked for nothing.
PromptTools CheckNumbers(std::optional<VerifierSpec> training, bool heldout) {
  PromptTools tools;
  tools.answers.make = [](const VerifierSpec& reward) -> StatusOr<AnswerCheck> {
    if (reward.name == "regex") return absl::InvalidArgumentError("no such reward");
    return [name = reward.name](absl::string_view answer) -> Status {
      int number = 0;
      if (name == "format" || absl::SimpleAtoi(answer, &number)) return absl::OkStatus();
      return absl::InvalidArgumentError(absl::StrCat(name, ": ", answer, " is no number"));
    };
  };
  tools.answers.training = std::move(training);
  tools.answers.heldout = heldout;
  return tools;
}

TEST_F(DatasetTest, BadAnswersAreNamedWithTheirLines) {
  DataSpec spec;
  spec.heldout_fraction = 0;
  std::string text = Line("a", "1") + "\n" + Line("b", "x") + Line("c", "3");
  spec.path = Write("a.jsonl", text);
  const PromptTools tools = CheckNumbers(VerifierSpec{"number"}, false);
  EXPECT_EQ(MakeDataset(spec, tools).status().message(),
            absl::StrCat("1 answer cannot be judged by the reward:\n  ", spec.path,
                         ":3: number: x is no number\nCorrect them, choose another reward, leave "
                         "them out by data.filters, or set data.bad_answers: skip"));
  for (int i = 0; i < 20; ++i) text += Line(absl::StrCat("p", i), "y");
  spec.path = Write("a.jsonl", text);
  const Status status = MakeDataset(spec, tools).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("21 answers cannot"));
  EXPECT_THAT(status.message(), HasSubstr("a.jsonl:13: number: y is no number\n  and 11 more"));

  EXPECT_EQ(Make(spec)->num_demonstrations(), 23);  // nobody asks
  EXPECT_EQ(Make(spec, CheckNumbers(VerifierSpec{"format"}, true))->num_demonstrations(), 23);
  EXPECT_EQ(MakeDataset(spec, CheckNumbers(VerifierSpec{"regex"}, false)).status().message(),
            "no such reward");
}

TEST_F(DatasetTest, BadAnswersAreLeftOutWhenAsked) {
  DataSpec spec;
  spec.heldout_fraction = 0;
  spec.bad_answers = "skip";
  spec.path = Write("a.jsonl", Line("a", "1") + Line("b", "x") + Line("c", "3") + Line("d", "y"));
  const auto task = Make(spec, CheckNumbers(VerifierSpec{"number"}, false));
  EXPECT_THAT(Training(*task), UnorderedElementsAre("a", "c"));
  EXPECT_THAT(task->notes(), ElementsAre(HasSubstr("2 whose answer the reward cannot judge by")));
  spec.path = Write("a.jsonl", Line("b", "x"));
  EXPECT_THAT(MakeDataset(spec, CheckNumbers(VerifierSpec{"number"}, false)).status().message(),
              HasSubstr("none of its 1 records is left to train on"));
}

TEST_F(DatasetTest, HeldOutAnswersAreCheckedByTheirOwnReward) {
  DataSpec spec;
  spec.path = Write("a.jsonl", Line("a", "x"));
  spec.heldout_path = Write("b.jsonl", Line("b", "y"));
  EXPECT_EQ(Make(spec, CheckNumbers(std::nullopt, false))->num_heldout(), 1);
  EXPECT_THAT(MakeDataset(spec, CheckNumbers(std::nullopt, true)).status().message(),
              HasSubstr("b.jsonl:1: number: y"));
  spec.reward = {"format"};
  EXPECT_EQ(Make(spec, CheckNumbers(std::nullopt, true))->num_heldout(), 1);
  EXPECT_THAT(MakeDataset(spec, CheckNumbers(VerifierSpec{"number"}, true)).status().message(),
              HasSubstr("a.jsonl:1: number: x"));
  // A share of one file: each record by the reward of its side.
  std::string text;
  for (int i = 0; i < 200; ++i) text += Line(absl::StrCat("p", i), "x");
  spec.path = Write("a.jsonl", text);
  spec.heldout_path.clear();
  spec.heldout_fraction = 0.5;
  spec.bad_answers = "skip";
  spec.reward = {"number"};
  const auto task = Make(spec, CheckNumbers(VerifierSpec{"format"}, false));
  EXPECT_EQ(task->num_demonstrations() + task->num_heldout(), 200);
  EXPECT_THAT(MakeDataset(spec, CheckNumbers(VerifierSpec{"format"}, true)).status().message(),
              HasSubstr("holds out none"));
}

TEST_F(DatasetTest, ErrorsNameFileAndLine) {
  DataSpec spec;
  spec.path = Write("a.jsonl", Line("a", "1") + "\n{\"prompt\":\n");
  EXPECT_THAT(ErrorOf(spec), HasSubstr("a.jsonl:3: not JSON"));
  spec.path = Write("a.jsonl", Line("a", "1") + "{\"prompt\":\"b\"}\n");
  EXPECT_THAT(ErrorOf(spec), HasSubstr("a.jsonl:2: no field `answer`"));
  spec.path = Write("a.jsonl", "");
  EXPECT_THAT(ErrorOf(spec), HasSubstr("none of its 0 records is left to train on"));
  spec.path = Write("a.jsonl", Line("a", "1"));
  spec.filters = {{"answer", "2"}};
  EXPECT_THAT(ErrorOf(spec), HasSubstr("1 by the filters"));
  spec.filters.clear();
  spec.heldout_fraction = 1e-9;
  EXPECT_THAT(ErrorOf(spec), HasSubstr("holds out none of its 1 records: raise it"));
  spec.heldout_path = Write("b.jsonl", "");
  EXPECT_THAT(ErrorOf(spec), HasSubstr("b.jsonl: none of its 0 records"));
}

TEST_F(DatasetTest, TextForATokenizer) {
  DataSpec spec;
  spec.path = Write("a.jsonl", Line("q", "7", "because"));
  spec.heldout_fraction = 0;
  EXPECT_EQ(*Make(spec)->SampleText(7, 5), "q7");
  spec.completion_field = "text";
  EXPECT_EQ(*Make(spec)->SampleText(7, 0), "qbecause");
  EXPECT_THAT(Make(spec)->added_tokens(), IsEmpty());
  spec.prompt_template = "r1_zero";
  EXPECT_THAT(*Make(spec)->SampleText(7, 0),
              HasSubstr("<think>because</think> <answer>7</answer>"));
  EXPECT_EQ(Make(spec)->added_tokens().size(), 4u);
}

TEST_F(DatasetTest, AFileToMeasureAlone) {
  DataSpec spec;
  spec.heldout_path = Write("a.jsonl", Line("q", "7"));
  const auto task = Make(spec);
  EXPECT_THAT(Heldout(*task), ElementsAre("q"));
  EXPECT_EQ(task->num_demonstrations(), 0);
  EXPECT_EQ(task->reward().name, "number");
}

}  // namespace
}  // namespace hone
