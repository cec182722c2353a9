#include "reward/procedural/boolean_logic.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "reward/procedural/check.h"

namespace hone {
namespace {

constexpr int kMaxDepth = 200;
constexpr absl::string_view kList = "a list of variables with their truth values";

using Values = std::map<std::string, bool>;

// The formula's value. InvalidArgument for what is no formula of these variables.
StatusOr<bool> Evaluate(const nlohmann::json& formula, const Values& values, int depth) {
  if (formula.is_string()) {
    const auto value = values.find(formula.get<std::string>());
    if (value != values.end()) return value->second;
  }
  const bool is_list = formula.is_array() && !formula.empty() && formula[0].is_string();
  if (is_list && depth < kMaxDepth) {
    const std::string& op = formula[0].get_ref<const std::string&>();
    if (op == "not" && formula.size() == 2) {
      HONE_ASSIGN_OR_RETURN(const bool value, Evaluate(formula[1], values, depth + 1));
      return !value;
    }
    if ((op == "and" || op == "or" || op == "xor") && formula.size() == 3) {
      HONE_ASSIGN_OR_RETURN(const bool a, Evaluate(formula[1], values, depth + 1));
      HONE_ASSIGN_OR_RETURN(const bool b, Evaluate(formula[2], values, depth + 1));
      return op == "and" ? a && b : op == "or" ? a || b : a != b;
    }
  }
  return absl::InvalidArgumentError(
      "`formula` must be a variable, [\"not\", f], or [\"and\", f, g] with and, or, xor");
}

std::optional<bool> ReadValue(absl::string_view word) {
  if (word == "true" || word == "t" || word == "1") return true;
  if (word == "false" || word == "f" || word == "0") return false;
  return std::nullopt;
}

// In lower case.
std::vector<std::string> WordsOf(absl::string_view text) {
  std::vector<std::string> words;
  for (absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \t\r\n,;:={}[]()\"'`$."), absl::SkipEmpty())) {
    words.push_back(absl::AsciiStrToLower(word));
  }
  std::erase(words, "and");
  std::erase(words, "is");
  return words;
}

}  // namespace

StatusOr<Verdict> CheckBooleanLogic(const nlohmann::json& record, absl::string_view text) {
  Values values;
  const auto variables = record.find("variables");
  const auto formula = record.find("formula");
  if (variables == record.end() || !variables->is_array() || variables->empty()) {
    return absl::InvalidArgumentError("`variables` must be a list of names");
  }
  for (const auto& name : *variables) {
    const bool is_name = name.is_string() && !name.get_ref<const std::string&>().empty();
    if (!is_name || !values.emplace(name.get<std::string>(), false).second) {
      return absl::InvalidArgumentError("`variables` must be a list of different names");
    }
  }
  if (formula == record.end()) return absl::InvalidArgumentError("there is no `formula`");
  HONE_RETURN_IF_ERROR(Evaluate(*formula, values, 0).status());

  const std::vector<std::string> words = WordsOf(text);
  if (words.empty() || words.size() % 2 != 0) return Unparseable(text, kList);
  std::map<std::string, bool> given;
  bool twice = false;
  for (size_t i = 0; i < words.size(); i += 2) {
    const std::optional<bool> value = ReadValue(words[i + 1]);
    if (!value) return Unparseable(text, kList);
    twice = !given.emplace(words[i], *value).second || twice;
  }
  if (twice) return Incorrect("a variable is given twice");
  for (auto& [name, value] : values) {
    const auto found = given.find(absl::AsciiStrToLower(name));
    if (found == given.end()) return Incorrect(absl::StrCat(name, " has no value"));
    value = found->second;
  }
  if (given.size() != values.size()) return Incorrect("a variable that is not in the formula");
  const std::string shown =
      absl::StrJoin(values, ", ", [](std::string* out, const Values::value_type& value) {
        absl::StrAppend(out, value.first, " = ", value.second ? "true" : "false");
      });
  HONE_ASSIGN_OR_RETURN(const bool holds, Evaluate(*formula, values, 0));
  return holds ? Correct(shown) : Incorrect(absl::StrCat(shown, " makes the formula false"));
}

}  // namespace hone
