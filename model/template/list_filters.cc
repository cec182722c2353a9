#include "model/template/list_filters.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/template/filters.h"
#include "model/template/operators.h"
#include "model/template/python_text.h"
#include "model/template/value_tests.h"

namespace hone::jinja {
namespace {

using Bound = std::vector<std::optional<Value>>;

// item.a.b for the attribute "a.b"; parts that are numbers are places. The item itself without one.
StatusOr<Value> PartOf(const Value& item, const std::optional<Value>& attribute) {
  if (!attribute.has_value() || attribute->is_none()) return item;
  if (attribute->is_int()) return Item(item, *attribute);
  HONE_ASSIGN_OR_RETURN(const std::string path, StringOf(attribute, ""));
  Value part = item;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    int64_t index = 0;
    const bool place = !name.empty() && name[0] != '-' && absl::SimpleAtoi(name, &index);
    HONE_ASSIGN_OR_RETURN(part,
                          Item(part, place ? Value::Int(index) : Value::String(std::string(name))));
  }
  return part;
}

// What sort() and its kin compare: strings without regard to case, unless they are to be exact.
Value SortKey(Value value, bool case_sensitive) {
  return value.is_string() && !case_sensitive ? Value::String(Lower(value.string()))
                                              : std::move(value);
}

struct Keyed {
  Value key;
  Value item;
};

StatusOr<std::vector<Keyed>> KeyedElements(const Value& value, bool case_sensitive,
                                           const std::optional<Value>& attribute, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const List elements, Elements(value, budget));
  HONE_RETURN_IF_ERROR(budget->Spend(value.extent().weight));
  std::vector<Keyed> keyed;
  for (const Value& item : elements) {
    HONE_ASSIGN_OR_RETURN(Value key, PartOf(item, attribute));
    keyed.push_back({SortKey(std::move(key), case_sensitive), item});
  }
  return keyed;
}

Status SortByKey(std::vector<Keyed>* keyed, bool reverse, Budget* budget) {
  size_t longest = 1;
  for (const Keyed& entry : *keyed) {
    // All must compare with the first, so any two do.
    HONE_RETURN_IF_ERROR(Compare("<", keyed->front().key, entry.key, budget).status());
    longest = std::max(longest, entry.key.extent().weight);
  }
  HONE_RETURN_IF_ERROR(budget->Spend(keyed->size() * longest * 20));
  Budget paid(std::numeric_limits<size_t>::max());
  std::stable_sort(keyed->begin(), keyed->end(), [&](const Keyed& a, const Keyed& b) {
    return reverse ? *Compare("<", b.key, a.key, &paid) : *Compare("<", a.key, b.key, &paid);
  });
  return absl::OkStatus();
}

List ItemsOf(std::vector<Keyed> keyed) {
  List items;
  for (Keyed& entry : keyed) items.push_back(std::move(entry.item));
  return items;
}

StatusOr<Value> Sort(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound,
                        arguments.Bind("sort", {"reverse", "case_sensitive", "attribute"}, 0));
  HONE_ASSIGN_OR_RETURN(std::vector<Keyed> keyed,
                        KeyedElements(value, BoolOf(bound[1], false), bound[2], budget));
  // Jinja sorts by lists of attributes, so equal keys need no order.
  for (Keyed& entry : keyed) entry.key = Value::MakeList({entry.key});
  HONE_RETURN_IF_ERROR(SortByKey(&keyed, BoolOf(bound[0], false), budget));
  return Value::MakeList(ItemsOf(std::move(keyed)));
}

StatusOr<Value> DictSort(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound,
                        arguments.Bind("dictsort", {"case_sensitive", "by", "reverse"}, 0));
  if (!value.is_dict()) return absl::InvalidArgumentError("dictsort takes a dict");
  HONE_ASSIGN_OR_RETURN(const std::string by, StringOf(bound[1], "key"));
  if (by != "key" && by != "value") {
    return absl::InvalidArgumentError("dictsort() sorts by \"key\" or \"value\"");
  }
  std::vector<Keyed> keyed;
  HONE_RETURN_IF_ERROR(budget->Spend(value.extent().weight));
  for (const auto& [key, held] : value.dict()) {
    keyed.push_back({SortKey(by == "key" ? key : held, BoolOf(bound[0], false)),
                     Value::MakeTuple({key, held})});
  }
  HONE_RETURN_IF_ERROR(SortByKey(&keyed, BoolOf(bound[2], false), budget));
  return Value::MakeList(ItemsOf(std::move(keyed)));
}

StatusOr<Value> Unique(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound,
                        arguments.Bind("unique", {"case_sensitive", "attribute"}, 0));
  HONE_ASSIGN_OR_RETURN(const std::vector<Keyed> keyed,
                        KeyedElements(value, BoolOf(bound[0], false), bound[1], budget));
  std::vector<Keyed> kept;
  for (const Keyed& entry : keyed) {
    HONE_RETURN_IF_ERROR(CheckKey(entry.key));
    bool seen = false;
    for (const Keyed& earlier : kept) {
      HONE_ASSIGN_OR_RETURN(const bool same, Compare("==", earlier.key, entry.key, budget));
      seen = seen || same;
    }
    if (!seen) kept.push_back(entry);
  }
  return Value::MakeGenerator(ItemsOf(std::move(kept)));
}

// The smallest element, or with `op` ">" the largest; the first of equals.
StatusOr<Value> Extreme(absl::string_view op, const Value& value, const Arguments& arguments,
                        Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound,
                        arguments.Bind("min", {"case_sensitive", "attribute"}, 0));
  HONE_ASSIGN_OR_RETURN(const std::vector<Keyed> keyed,
                        KeyedElements(value, BoolOf(bound[0], false), bound[1], budget));
  if (keyed.empty()) return Value::MakeUndefined("an element of an empty list");
  const Keyed* best = &keyed[0];
  for (const Keyed& entry : keyed) {
    HONE_ASSIGN_OR_RETURN(const bool better, Compare(op, entry.key, best->key, budget));
    if (better) best = &entry;
  }
  return best->item;
}

StatusOr<Value> Min(const Value& value, const Arguments& arguments, Budget* budget) {
  return Extreme("<", value, arguments, budget);
}

StatusOr<Value> Max(const Value& value, const Arguments& arguments, Budget* budget) {
  return Extreme(">", value, arguments, budget);
}

StatusOr<Value> Sum(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind("sum", {"attribute", "start"}, 0));
  HONE_ASSIGN_OR_RETURN(const List elements, Elements(value, budget));
  Value sum = bound[1].value_or(Value::Int(0));
  for (const Value& item : elements) {
    HONE_ASSIGN_OR_RETURN(const Value part, PartOf(item, bound[0]));
    HONE_ASSIGN_OR_RETURN(sum, Binary("+", sum, part, budget));
  }
  return sum;
}

StatusOr<Value> JoinTexts(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind("join", {"d", "attribute"}, 0));
  HONE_ASSIGN_OR_RETURN(const std::string separator,
                        TextOf(bound[0].value_or(Value::String("")), budget));
  HONE_ASSIGN_OR_RETURN(const List elements, Elements(value, budget));
  std::string out;
  for (size_t i = 0; i < elements.size(); ++i) {
    HONE_ASSIGN_OR_RETURN(const Value part, PartOf(elements[i], bound[1]));
    HONE_ASSIGN_OR_RETURN(const std::string text, TextOf(part, budget));
    HONE_RETURN_IF_ERROR(budget->Spend(separator.size()));
    absl::StrAppend(&out, i == 0 ? "" : separator, text);
  }
  return Value::String(std::move(out));
}

StatusOr<Value> First(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_RETURN_IF_ERROR(arguments.Bind("first", {}, 0).status());
  HONE_ASSIGN_OR_RETURN(const List elements, Elements(value, budget));
  return elements.empty() ? Value::MakeUndefined("the first of no elements") : elements.front();
}

StatusOr<Value> Last(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_RETURN_IF_ERROR(arguments.Bind("last", {}, 0).status());
  HONE_ASSIGN_OR_RETURN(const List elements, Elements(value, budget));
  return elements.empty() ? Value::MakeUndefined("the last of no elements") : elements.back();
}

StatusOr<Value> ToList(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_RETURN_IF_ERROR(arguments.Bind("list", {}, 0).status());
  HONE_ASSIGN_OR_RETURN(List elements, Elements(value, budget));
  return Value::MakeList(std::move(elements));
}

StatusOr<Value> Reverse(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_RETURN_IF_ERROR(arguments.Bind("reverse", {}, 0).status());
  if (value.is_string()) return Slice(value, std::nullopt, std::nullopt, -1, budget);
  HONE_ASSIGN_OR_RETURN(List elements, Elements(value, budget));
  std::reverse(elements.begin(), elements.end());
  return Value::MakeGenerator(std::move(elements));
}

StatusOr<Value> DictItems(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_RETURN_IF_ERROR(arguments.Bind("items", {}, 0).status());
  if (!value.is_dict() && !value.is_undefined()) {
    return absl::InvalidArgumentError(absl::StrCat("items takes a dict, not a ", value.TypeName()));
  }
  List pairs;
  if (value.is_dict()) {
    HONE_RETURN_IF_ERROR(budget->Spend(2 * Budget::kElement * value.dict().size()));
    for (const auto& [key, held] : value.dict()) pairs.push_back(Value::MakeTuple({key, held}));
  }
  return Value::MakeGenerator(std::move(pairs));
}

// The arguments after the first `count`.
Arguments Rest(const Arguments& arguments, size_t count) {
  Arguments rest;
  rest.positional.assign(arguments.positional.begin() + static_cast<int64_t>(count),
                         arguments.positional.end());
  rest.named = arguments.named;
  return rest;
}

StatusOr<Value> Map(const Value& value, const Arguments& arguments, Budget* budget) {
  if (!value.Truth()) return Value::MakeGenerator({});  // nothing, none and zero alike, as in Jinja
  HONE_ASSIGN_OR_RETURN(const List elements, Elements(value, budget));
  List mapped;
  if (arguments.positional.empty()) {
    HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind("map", {"attribute", "default"}, 1));
    for (const Value& item : elements) {
      HONE_ASSIGN_OR_RETURN(Value part, PartOf(item, bound[0]));
      if (part.is_undefined() && bound[1].has_value()) part = *bound[1];
      mapped.push_back(std::move(part));
    }
    return Value::MakeGenerator(std::move(mapped));
  }
  HONE_ASSIGN_OR_RETURN(const std::string filter, StringOf(arguments.positional[0], ""));
  for (const Value& item : elements) {
    HONE_RETURN_IF_ERROR(budget->Spend(Budget::kStep));
    HONE_ASSIGN_OR_RETURN(Value part, ApplyFilter(filter, item, Rest(arguments, 1), budget));
    mapped.push_back(std::move(part));
  }
  return Value::MakeGenerator(std::move(mapped));
}

// select, reject and, with an attribute as the first argument, selectattr and rejectattr: the
// elements for which the test that follows, or their truth, is `wanted`.
template <bool kWanted, bool kByAttribute>
StatusOr<Value> Select(const Value& value, const Arguments& arguments, Budget* budget) {
  if (!value.Truth()) return Value::MakeGenerator({});
  const List& given = arguments.positional;
  if (kByAttribute && given.empty()) {
    return absl::InvalidArgumentError("the filter needs the name of an attribute");
  }
  const std::optional<Value> attribute = kByAttribute ? std::optional(given[0]) : std::nullopt;
  constexpr size_t test_at = kByAttribute ? 1 : 0;
  const bool tested = given.size() > test_at;
  std::string test;
  if (tested) {
    HONE_ASSIGN_OR_RETURN(test, StringOf(given[test_at], ""));
  }
  HONE_ASSIGN_OR_RETURN(const List elements, Elements(value, budget));
  List kept;
  for (const Value& item : elements) {
    HONE_RETURN_IF_ERROR(budget->Spend(Budget::kStep));
    HONE_ASSIGN_OR_RETURN(const Value part, PartOf(item, attribute));
    bool holds = part.Truth();
    if (tested) {
      HONE_ASSIGN_OR_RETURN(holds, ApplyTest(test, part, Rest(arguments, test_at + 1), budget));
    }
    if (holds == kWanted) kept.push_back(item);
  }
  return Value::MakeGenerator(std::move(kept));
}

}  // namespace

const FilterTable& ListFilters() {
  static const auto& table = *new FilterTable{
      {"dictsort", DictSort},
      {"first", First},
      {"items", DictItems},
      {"join", JoinTexts},
      {"last", Last},
      {"list", ToList},
      {"map", Map},
      {"max", Max},
      {"min", Min},
      {"reject", Select<false, false>},
      {"rejectattr", Select<false, true>},
      {"reverse", Reverse},
      {"select", Select<true, false>},
      {"selectattr", Select<true, true>},
      {"sort", Sort},
      {"sum", Sum},
      {"unique", Unique},
  };
  return table;
}

}  // namespace hone::jinja
