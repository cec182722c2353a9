#include "config/validate_procedural.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "config/yaml_tree.h"

namespace hone {
namespace {

// A demonstration takes a step for each digit and each year: these keep it readable.
constexpr int kMaxBaseValue = 1'000'000'000;
constexpr int kMaxDays = 36'525;  // a century

void CheckCommon(Checker& check, const std::string& path, int heldout,
                 const std::string& prompt_template) {
  check.AtLeast(path + ".heldout", heldout, 0);
  check.OneOf(path + ".prompt_template", prompt_template, {"short", "r1_zero"});
}

void CheckCountdown(Checker& check, const std::string& path, const CountdownSpec& task) {
  check.Between(path + ".num_numbers", task.num_numbers, 2, 4);
  check.Between(path + ".max_number", task.max_number, 1, 1000000);
  check.AtLeast(path + ".min_target", task.min_target, 1);
  check.Require(
      task.max_target >= task.min_target, path + ".max_target",
      absl::StrCat("must be at least min_target, ", task.min_target, ", found ", task.max_target));
  CheckCommon(check, path, task.heldout, task.prompt_template);
}

void CheckArithmetic(Checker& check, const std::string& path, const ArithmeticSpec& task) {
  check.Between(path + ".num_terms", task.num_terms, 2, 12);
  check.Between(path + ".max_number", task.max_number, 1, 10000);
  std::string sorted = task.operators;
  std::sort(sorted.begin(), sorted.end());
  const bool distinct = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  const bool known = sorted.find_first_not_of("+-*") == std::string::npos;
  check.Require(!sorted.empty() && distinct && known, path + ".operators",
                absl::StrCat("must be some of + - *, each once, found ", Quote(task.operators)));
  check.Require(sorted != "*" || task.num_terms == 2, path + ".operators",
                "is * alone, and a product has two factors: add + or -, or set num_terms: 2");
}

void CheckBaseConversion(Checker& check, const std::string& path, const BaseConversionSpec& task) {
  check.Between(path + ".min_base", task.min_base, 2, 36);
  check.Between(path + ".max_base", task.max_base, 2, 36);
  check.Require(task.max_base > task.min_base, path + ".max_base",
                absl::StrCat("must be above min_base, ", task.min_base, ", found ", task.max_base));
  check.Between(path + ".max_value", task.max_value, task.max_base, kMaxBaseValue);
}

void CheckBooleanLogic(Checker& check, const std::string& path, const BooleanLogicSpec& task) {
  check.Between(path + ".num_variables", task.num_variables, 2, 6);
  check.Between(path + ".num_operators", task.num_operators, task.num_variables - 1, 24);
}

void CheckCalendar(Checker& check, const std::string& path, const CalendarSpec& task) {
  check.Between(path + ".min_year", task.min_year, 1583, 9000);
  check.Between(path + ".max_year", task.max_year, task.min_year, 9000);
  check.Between(path + ".max_days", task.max_days, 1, kMaxDays);
}

void CheckShortestPath(Checker& check, const std::string& path, const ShortestPathSpec& task) {
  check.Between(path + ".num_nodes", task.num_nodes, 3, 20);
  check.Between(path + ".num_edges", task.num_edges, task.num_nodes - 1,
                task.num_nodes * (task.num_nodes - 1) / 2 - 1);
  check.Between(path + ".max_length", task.max_length, 1, 1000);
}

void CheckStringManipulation(Checker& check, const std::string& path,
                             const StringManipulationSpec& task) {
  check.Between(path + ".word_length", task.word_length, 2, 40);
  check.Between(path + ".num_operations", task.num_operations, 1, 12);
}

}  // namespace

bool IsProcedural(const ProceduralSpec& task) {
  const std::vector<std::string> names = ProceduralSpec::Names();
  return std::find(names.begin(), names.end(), task.name) != names.end();
}

void CheckProcedural(Checker& check, const std::string& path, const ProceduralSpec& task) {
  if (task.name == "countdown") return CheckCountdown(check, path, task.countdown);
  if (!IsProcedural(task)) return;
  if (task.name == "arithmetic") CheckArithmetic(check, path, task.arithmetic);
  if (task.name == "base_conversion") CheckBaseConversion(check, path, task.base_conversion);
  if (task.name == "boolean_logic") CheckBooleanLogic(check, path, task.boolean_logic);
  if (task.name == "calendar") CheckCalendar(check, path, task.calendar);
  if (task.name == "shortest_path") CheckShortestPath(check, path, task.shortest_path);
  if (task.name == "string_manipulation") {
    CheckStringManipulation(check, path, task.string_manipulation);
  }
  if (task.name == "sudoku") check.Between(path + ".num_blanks", task.sudoku.num_blanks, 1, 11);
  CheckCommon(check, path, task.family.heldout, task.family.prompt_template);
}

void CheckMixture(Checker& check, const std::string& path, const std::vector<MixturePart>& parts) {
  check.Require(!parts.empty(), path + ".parts",
                "is empty: the tasks to draw from, e.g. [arithmetic, {name: sudoku, weight: 2}]");
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string part_path = absl::StrCat(path, ".parts.", i);
    check.OneOf(part_path + ".name", parts[i].name, ProceduralSpec::Names());
    CheckProcedural(check, part_path, parts[i]);
    check.Positive(part_path + ".weight", parts[i].weight);
  }
}

}  // namespace hone
