#include "model/template/value_tests.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "model/template/operators.h"
#include "model/template/python_text.h"

namespace hone::jinja {
namespace {

// The tests that compare with one argument, as operators.
const absl::flat_hash_map<absl::string_view, absl::string_view>& Comparisons() {
  static const auto& table = *new absl::flat_hash_map<absl::string_view, absl::string_view>{
      {"eq", "=="},         {"equalto", "=="}, {"==", "=="},      {"ne", "!="},
      {"!=", "!="},         {"lt", "<"},       {"lessthan", "<"}, {"<", "<"},
      {"le", "<="},         {"<=", "<="},      {"gt", ">"},       {">", ">"},
      {"greaterthan", ">"}, {"ge", ">="},      {">=", ">="},      {"in", "in"}};
  return table;
}

using Predicate = bool (*)(const Value&);

bool IsCallable(const Value& value) {
  return value.function() != nullptr || value.macro() != nullptr;
}

// Whether Python could take a value's length and its first element.
bool IsSequence(const Value& value) {
  return value.is_string() || value.is_dict() || value.is_undefined() ||
         (value.is_sequence() && !value.is_generator());
}

bool IsIterable(const Value& value) {
  return IsSequence(value) || value.is_generator() || value.loop() != nullptr;
}

const absl::flat_hash_map<absl::string_view, Predicate>& Predicates() {
  static const auto& table = *new absl::flat_hash_map<absl::string_view, Predicate>{
      {"defined", [](const Value& v) { return !v.is_undefined(); }},
      {"undefined", [](const Value& v) { return v.is_undefined(); }},
      {"none", [](const Value& v) { return v.is_none(); }},
      {"boolean", [](const Value& v) { return v.is_bool(); }},
      {"true", [](const Value& v) { return v.is_bool() && v.Truth(); }},
      {"false", [](const Value& v) { return v.is_bool() && !v.Truth(); }},
      {"integer", [](const Value& v) { return v.is_int(); }},
      {"float", [](const Value& v) { return v.is_float(); }},
      {"number", [](const Value& v) { return v.is_number(); }},
      {"string", [](const Value& v) { return v.is_string(); }},
      {"mapping", [](const Value& v) { return v.is_dict(); }},
      {"sequence", IsSequence},
      {"iterable", IsIterable},
      {"callable", IsCallable},
  };
  return table;
}

StatusOr<bool> Divisible(const Value& value, const Value& by, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Value rest, Binary("%", value, by, budget));
  return rest.is_number() && !rest.Truth();
}

// Without a class of its own, a value is the same as another if it is of its type and equal.
StatusOr<bool> Same(const Value& a, const Value& b, Budget* budget) {
  if (a.TypeName() != b.TypeName()) return false;
  return Compare("==", a, b, budget);
}

}  // namespace

StatusOr<bool> ApplyTest(absl::string_view name, const Value& value, const Arguments& arguments,
                         Budget* budget) {
  if (const auto found = Predicates().find(name); found != Predicates().end()) {
    HONE_RETURN_IF_ERROR(arguments.Bind(name, {}, 0).status());
    return found->second(value);
  }
  if (const auto found = Comparisons().find(name); found != Comparisons().end()) {
    HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind(name, {"other"}, 1));
    return Compare(found->second, value, *bound[0], budget);
  }
  if (name == "divisibleby" || name == "sameas") {
    HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind(name, {"other"}, 1));
    return name == "sameas" ? Same(value, *bound[0], budget) : Divisible(value, *bound[0], budget);
  }
  HONE_RETURN_IF_ERROR(arguments.Bind(name, {}, 0).status());
  if (name == "even") return Divisible(value, Value::Int(2), budget);
  if (name == "odd") {
    HONE_ASSIGN_OR_RETURN(const Value rest, Binary("%", value, Value::Int(2), budget));
    return Equal(rest, Value::Int(1));
  }
  if (name == "lower" || name == "upper") {
    HONE_ASSIGN_OR_RETURN(const std::string text, TextOf(value, budget));
    return name == "lower" ? IsLower(text) : IsUpper(text);
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no test \"", name, "\""));
}

}  // namespace hone::jinja
