#include "config/validate_procedural.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "config/load.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

StatusOr<SourceSpec> Parse(const std::string& task) {
  return ParseSource("task: " + task, "test", {});
}

std::string ErrorOf(const std::string& task) {
  const auto source = Parse(task);
  if (source.ok()) return "OK";
  EXPECT_TRUE(absl::IsInvalidArgument(source.status())) << source.status();
  return std::string(source.status().message());
}

TEST(ValidateProcedural, EachFamilyHasItsOwnKeysAndTheCommonOnes) {
  const auto source = Parse("{name: sudoku, num_blanks: 9, heldout: 3, prompt_template: r1_zero}");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(source->task->sudoku.num_blanks, 9);
  EXPECT_EQ(source->task->family.heldout, 3);
  EXPECT_EQ(source->task->family.prompt_template, "r1_zero");
  EXPECT_THAT(ErrorOf("{name: sudoku, num_nodes: 5}"), HasSubstr("unknown key `num_nodes`"));
  EXPECT_THAT(ErrorOf("{name: sudokku}"), HasSubstr("did you mean `sudoku`?"));
  for (const std::string& name : ProceduralSpec::Names()) EXPECT_EQ(ErrorOf(name), "OK") << name;
}

TEST(ValidateProcedural, RefusesDifficultiesThatMakeNoSense) {
  struct Case {
    const char* task;
    const char* error;
  };
  for (const Case& c : {
           Case{"{name: arithmetic, num_terms: 1}", "task.num_terms"},
           Case{"{name: arithmetic, num_terms: 13}", "task.num_terms"},
           Case{"{name: arithmetic, max_number: 0}", "task.max_number"},
           Case{"{name: arithmetic, operators: ''}", "task.operators must be some of + - *"},
           Case{"{name: arithmetic, operators: '++'}", "each once"},
           Case{"{name: arithmetic, operators: '+/'}", "each once"},
           Case{"{name: arithmetic, operators: '*'}", "a product has two factors"},
           Case{"{name: base_conversion, max_base: 37}", "task.max_base"},
           Case{"{name: base_conversion, min_base: 1}", "task.min_base"},
           Case{"{name: base_conversion, min_base: 8, max_base: 8}", "must be above min_base, 8"},
           Case{"{name: base_conversion, max_value: 15}", "task.max_value"},
           Case{"{name: boolean_logic, num_variables: 1}", "task.num_variables"},
           Case{"{name: boolean_logic, num_variables: 7}", "task.num_variables"},
           Case{"{name: boolean_logic, num_operators: 1}", "task.num_operators"},
           Case{"{name: calendar, min_year: 1582}", "task.min_year"},
           Case{"{name: calendar, max_year: 1900}", "task.max_year"},
           Case{"{name: calendar, max_days: 0}", "task.max_days"},
           Case{"{name: shortest_path, num_nodes: 2}", "task.num_nodes"},
           Case{"{name: shortest_path, num_edges: 4}", "task.num_edges"},
           Case{"{name: shortest_path, num_edges: 15}", "task.num_edges"},
           Case{"{name: shortest_path, max_length: 0}", "task.max_length"},
           Case{"{name: string_manipulation, word_length: 1}", "task.word_length"},
           Case{"{name: string_manipulation, num_operations: 0}", "task.num_operations"},
           Case{"{name: sudoku, num_blanks: 12}", "task.num_blanks"},
           Case{"{name: sudoku, heldout: -1}", "task.heldout"},
           Case{"{name: sudoku, prompt_template: chat}", "task.prompt_template"},
       }) {
    EXPECT_THAT(ErrorOf(c.task), HasSubstr(c.error)) << c.task;
  }
  EXPECT_EQ(ErrorOf("{name: arithmetic, operators: '*', num_terms: 2}"), "OK");
}

TEST(ValidateProcedural, AMixtureHasParts) {
  const auto source =
      Parse("{name: mixture, parts: [arithmetic, {name: sudoku, num_blanks: 4, weight: 2.5}]}");
  ASSERT_TRUE(source.ok()) << source.status();
  ASSERT_EQ(source->task->parts.size(), 2u);
  EXPECT_EQ(source->task->parts[0].name, "arithmetic");
  EXPECT_EQ(source->task->parts[1].sudoku.num_blanks, 4);
  EXPECT_EQ(source->task->parts[1].weight, 2.5);
  const auto again = ParseSource(ToYaml(*source), "again", {});
  ASSERT_TRUE(again.ok()) << again.status() << ToYaml(*source);
  EXPECT_TRUE(*again == *source);

  EXPECT_THAT(ErrorOf("mixture"), HasSubstr("task.parts is empty"));
  EXPECT_THAT(ErrorOf("{name: mixture, parts: [gsm8k]}"), HasSubstr("task.parts.0.name"));
  EXPECT_THAT(ErrorOf("{name: mixture, parts: [mixture]}"), HasSubstr("task.parts.0.name"));
  EXPECT_THAT(ErrorOf("{name: mixture, parts: [{name: sudoku, weight: 0}]}"),
              HasSubstr("task.parts.0.weight must be above 0"));
  EXPECT_THAT(ErrorOf("{name: mixture, parts: [sudoku, {name: calendar, max_days: 0}]}"),
              HasSubstr("task.parts.1.max_days"));
  EXPECT_THAT(ErrorOf("{name: mixture, parts: [sudoku], heldout: 3}"), HasSubstr("unknown key"));
  EXPECT_THAT(ErrorOf("{name: sudoku, parts: []}"), HasSubstr("unknown key `parts`"));
}

TEST(ValidateProcedural, MeasuresNoMoreThanIsHeldOut) {
  const auto error = [](const std::string& task) {
    return ParseExperiment(absl::StrCat("name: x\nmodel: {init: {}}\nstages:\n  - sft: {eval: "
                                        "{problems: 100}, task: ",
                                        task, "}\n"),
                           "f.yaml", {})
        .status();
  };
  EXPECT_TRUE(error("{name: sudoku, heldout: 100}").ok());
  EXPECT_THAT(error("{name: sudoku, heldout: 99}").message(),
              HasSubstr("must be at most task.heldout, 99"));
  EXPECT_TRUE(error("{name: mixture, parts: [{name: sudoku, heldout: 60}, "
                    "{name: countdown, heldout: 40}]}")
                  .ok());
  EXPECT_THAT(error("{name: mixture, parts: [{name: sudoku, heldout: 60}]}").message(),
              HasSubstr("the heldout of all parts, 60"));
}

}  // namespace
}  // namespace hone
