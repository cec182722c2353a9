#include "model/template/operators.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/template/methods.h"
#include "model/template/python_text.h"

namespace hone::jinja {
namespace {

Status Unfit(absl::string_view op, const Value& a, const Value& b) {
  for (const Value* value : {&a, &b}) {
    if (value->is_undefined()) return absl::InvalidArgumentError(value->UndefinedMessage());
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", op, "\" does not go with ", a.TypeName(), " and ", b.TypeName()));
}

Status Overflow() { return absl::InvalidArgumentError("an integer needs more than 64 bits"); }

int64_t FloorDivide(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

StatusOr<Value> IntegerPower(int64_t base, int64_t exponent) {
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return Overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return Overflow();
  }
  return Value::Int(result);
}

StatusOr<Value> Integers(absl::string_view op, int64_t a, int64_t b) {
  int64_t result = 0;
  if (op == "+") {
    if (__builtin_add_overflow(a, b, &result)) return Overflow();
  } else if (op == "-") {
    if (__builtin_sub_overflow(a, b, &result)) return Overflow();
  } else if (op == "*") {
    if (__builtin_mul_overflow(a, b, &result)) return Overflow();
  } else if (op == "**") {
    if (b < 0) return Value::Float(std::pow(static_cast<double>(a), static_cast<double>(b)));
    return IntegerPower(a, b);
  } else if (b == 0) {
    return absl::InvalidArgumentError("division by zero");
  } else if (op == "/") {
    return Value::Float(static_cast<double>(a) / static_cast<double>(b));
  } else if (a == std::numeric_limits<int64_t>::min() && b == -1) {
    return Overflow();
  } else {
    const int64_t quotient = FloorDivide(a, b);
    result = op == "//" ? quotient : a - quotient * b;
  }
  return Value::Int(result);
}

StatusOr<Value> Reals(absl::string_view op, double a, double b) {
  if (op == "+") return Value::Float(a + b);
  if (op == "-") return Value::Float(a - b);
  if (op == "*") return Value::Float(a * b);
  if (op == "**") return Value::Float(std::pow(a, b));
  if (b == 0) return absl::InvalidArgumentError("division by zero");
  if (op == "/") return Value::Float(a / b);
  if (op == "//") return Value::Float(std::floor(a / b));
  const double rest = std::fmod(a, b);
  return Value::Float(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

// text * count and list * count.
StatusOr<Value> Repeat(const Value& value, int64_t count, Budget* budget) {
  const size_t times = static_cast<size_t>(std::max<int64_t>(count, 0));
  const size_t weight = value.extent().weight;
  if (times > std::numeric_limits<size_t>::max() / 64 / weight) {
    return budget->Spend(std::numeric_limits<size_t>::max());
  }
  HONE_RETURN_IF_ERROR(budget->Spend(times * weight));
  if (value.is_string()) {
    std::string out;
    for (size_t i = 0; i < times; ++i) out += value.string();
    return Value::String(std::move(out));
  }
  HONE_RETURN_IF_ERROR(budget->Spend(times * value.items().size() * Budget::kElement));
  List items;
  for (size_t i = 0; i < times; ++i) {
    items.insert(items.end(), value.items().begin(), value.items().end());
  }
  return value.is_tuple() ? Value::MakeTuple(std::move(items)) : Value::MakeList(std::move(items));
}

StatusOr<Value> Join(const Value& a, const Value& b, Budget* budget) {
  HONE_RETURN_IF_ERROR(budget->Spend((a.items().size() + b.items().size()) * Budget::kElement));
  List items = a.items();
  items.insert(items.end(), b.items().begin(), b.items().end());
  return a.is_tuple() ? Value::MakeTuple(std::move(items)) : Value::MakeList(std::move(items));
}

StatusOr<bool> Contains(const Value& container, const Value& value, Budget* budget) {
  HONE_RETURN_IF_ERROR(budget->Spend(container.extent().weight));
  if (container.is_string()) {
    if (!value.is_string()) return Unfit("in", value, container);
    return absl::StrContains(container.string(), value.string());
  }
  if (container.is_dict()) {
    HONE_RETURN_IF_ERROR(CheckKey(value));
    return Find(container.dict(), value) != nullptr;
  }
  if (container.is_undefined()) return false;
  if (!container.is_sequence()) return Unfit("in", value, container);
  return std::any_of(container.items().begin(), container.items().end(),
                     [&](const Value& item) { return Equal(item, value); });
}

// Lists are ordered by their first elements that differ, else by their lengths.
StatusOr<bool> CompareElements(absl::string_view op, const List& a, const List& b, Budget* budget) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    HONE_ASSIGN_OR_RETURN(const bool same, Compare("==", a[i], b[i], budget));
    if (!same) return Compare(op, a[i], b[i], budget);
  }
  return Compare(op, Value::Int(static_cast<int64_t>(a.size())),
                 Value::Int(static_cast<int64_t>(b.size())), budget);
}

Value Missing(absl::string_view name) { return Value::MakeUndefined(absl::StrCat("'", name, "'")); }

// loop.name.
Value LoopAttribute(const Value& value, absl::string_view name) {
  const Loop& loop = *value.loop();
  const auto index = static_cast<int64_t>(loop.index);
  const auto length = static_cast<int64_t>(loop.items.size());
  if (name == "index") return Value::Int(index + 1);
  if (name == "index0") return Value::Int(index);
  if (name == "revindex") return Value::Int(length - index);
  if (name == "revindex0") return Value::Int(length - index - 1);
  if (name == "first") return Value::Bool(index == 0);
  if (name == "last") return Value::Bool(index + 1 == length);
  if (name == "length") return Value::Int(length);
  if (name == "depth") return Value::Int(1);  // only recursive loops would have more
  if (name == "depth0") return Value::Int(0);
  if (name == "previtem") return index == 0 ? Missing(name) : loop.items[index - 1];
  if (name == "nextitem") return index + 1 == length ? Missing(name) : loop.items[index + 1];
  if (name == "cycle" || name == "changed") return Value::MakeMethod(std::string(name), value);
  return Missing(name);
}

}  // namespace

StatusOr<Value> Binary(absl::string_view op, const Value& a, const Value& b, Budget* budget) {
  if (op == "~") {
    HONE_ASSIGN_OR_RETURN(const std::string left, TextOf(a, budget));
    HONE_ASSIGN_OR_RETURN(const std::string right, TextOf(b, budget));
    return Value::String(left + right);
  }
  if (a.is_number() && b.is_number()) {
    if (a.is_float() || b.is_float()) return Reals(op, a.real(), b.real());
    return Integers(op, a.integer(), b.integer());
  }
  if (op == "+" && a.is_string() && b.is_string()) {
    HONE_RETURN_IF_ERROR(budget->Spend(a.string().size() + b.string().size()));
    return Value::String(a.string() + b.string());
  }
  if (op == "+" && a.is_sequence() && b.is_sequence() && !a.is_generator() &&
      a.sequence().type == b.sequence().type) {
    return Join(a, b, budget);
  }
  if (op == "*") {
    const auto repeats = [](const Value& value, const Value& count) {
      return (value.is_string() || (value.is_sequence() && !value.is_generator())) &&
             count.is_number() && !count.is_float();
    };
    if (repeats(a, b)) return Repeat(a, b.integer(), budget);
    if (repeats(b, a)) return Repeat(b, a.integer(), budget);
  }
  return Unfit(op, a, b);
}

Status CheckKey(const Value& value) {
  if (value.is_tuple()) {
    for (const Value& item : value.items()) HONE_RETURN_IF_ERROR(CheckKey(item));
  } else if (value.is_sequence() || value.is_dict()) {
    return absl::InvalidArgumentError(absl::StrCat("a ", value.TypeName(), " cannot be a key"));
  }
  return absl::OkStatus();
}

StatusOr<Value> Negate(const Value& value) {
  if (value.is_float()) return Value::Float(-value.real());
  if (!value.is_number()) return Unfit("-", value, value);
  return Integers("-", 0, value.integer());
}

StatusOr<bool> Compare(absl::string_view op, const Value& a, const Value& b, Budget* budget) {
  if (op == "in") return Contains(b, a, budget);
  if (op == "not in") {
    HONE_ASSIGN_OR_RETURN(const bool contained, Contains(b, a, budget));
    return !contained;
  }
  if (op == "==" || op == "!=") {
    size_t cost = std::min(a.extent().weight, b.extent().weight);
    // Entries of a dict are looked for one by one.
    if (a.is_dict() && b.is_dict()) cost *= a.dict().size() + 1;
    HONE_RETURN_IF_ERROR(budget->Spend(cost));
    return Equal(a, b) == (op == "==");
  }
  int order = 0;
  if (a.is_number() && b.is_number()) {
    const bool whole = !a.is_float() && !b.is_float();
    const bool less = whole ? a.integer() < b.integer() : a.real() < b.real();
    const bool more = whole ? a.integer() > b.integer() : a.real() > b.real();
    if (!less && !more && !Equal(a, b)) return false;  // not a number
    order = less ? -1 : more ? 1 : 0;
  } else if (a.is_string() && b.is_string()) {
    HONE_RETURN_IF_ERROR(budget->Spend(std::min(a.string().size(), b.string().size())));
    order = a.string().compare(b.string());
  } else if (a.is_sequence() && b.is_sequence() && a.sequence().type == b.sequence().type) {
    return CompareElements(op, a.items(), b.items(), budget);
  } else {
    return Unfit(op, a, b);
  }
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

StatusOr<Value> Attribute(const Value& value, absl::string_view name) {
  if (value.is_undefined()) return absl::InvalidArgumentError(value.UndefinedMessage());
  // Python's own attributes are none of a template's business.
  if (absl::StartsWith(name, "_")) return Missing(name);
  if (HasMethod(value, name)) return Value::MakeMethod(std::string(name), value);
  if (value.is_dict()) {
    const Value* found = Find(value.dict(), name);
    return found == nullptr ? Missing(name) : *found;
  }
  if (const Namespace* space = value.name_space()) {
    for (const auto& [known, held] : space->attributes) {
      if (known == name) return held;
    }
  }
  if (value.loop() != nullptr) return LoopAttribute(value, name);
  return Missing(name);
}

StatusOr<Value> Item(const Value& value, const Value& key) {
  if (value.is_undefined()) return absl::InvalidArgumentError(value.UndefinedMessage());
  if (value.is_dict()) {
    if (const Value* found = Find(value.dict(), key)) return *found;
  }
  if (key.is_string()) return Attribute(value, key.string());
  if (key.is_int() || key.is_bool()) {
    const int64_t index = key.integer();
    if (value.is_sequence() && !value.is_generator()) {
      const auto length = static_cast<int64_t>(value.items().size());
      const int64_t at = index < 0 ? index + length : index;
      if (at >= 0 && at < length) return value.items()[at];
    } else if (value.is_string()) {
      const int64_t length = Length(value.string());
      const int64_t at = index < 0 ? index + length : index;
      if (at >= 0 && at < length) return Value::String(CharacterAt(value.string(), at));
    }
    return Missing(absl::StrCat(index));
  }
  return Missing("an item");
}

StatusOr<Value> Slice(const Value& value, std::optional<int64_t> begin, std::optional<int64_t> end,
                      int64_t step, Budget* budget) {
  if (value.is_undefined()) return absl::InvalidArgumentError(value.UndefinedMessage());
  if (!value.is_string() && (!value.is_sequence() || value.is_generator())) {
    return absl::InvalidArgumentError(absl::StrCat("a ", value.TypeName(), " cannot be sliced"));
  }
  if (step == 0) return absl::InvalidArgumentError("the step of a slice is zero");
  List items;
  if (value.is_string()) {
    HONE_ASSIGN_OR_RETURN(items, Elements(value, budget));
  } else {
    HONE_RETURN_IF_ERROR(budget->Spend(value.items().size() * Budget::kElement));
    items = value.items();
  }
  // Python's clamping: a place from the end is negative; ends are -1 and length for steps back.
  const auto length = static_cast<int64_t>(items.size());
  const int64_t low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
  const auto place = [&](std::optional<int64_t> at, int64_t missing) {
    if (!at.has_value()) return missing;
    return std::clamp(*at < 0 ? std::max(*at, -length - 1) + length : *at, low, high);
  };
  const int64_t first = place(begin, step < 0 ? high : low);
  const int64_t last = place(end, step < 0 ? low : high);
  List picked;
  for (int64_t at = first; step < 0 ? at > last : at < last;) {
    picked.push_back(items[at]);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  if (value.is_string()) {
    std::string text;
    for (const Value& character : picked) text += character.string();
    return Value::String(std::move(text));
  }
  return value.is_tuple() ? Value::MakeTuple(std::move(picked))
                          : Value::MakeList(std::move(picked));
}

StatusOr<List> Elements(const Value& value, Budget* budget) {
  List elements;
  if (value.is_sequence()) {
    HONE_RETURN_IF_ERROR(budget->Spend(value.items().size() * Budget::kElement));
    elements = value.items();
  } else if (value.is_dict()) {
    HONE_RETURN_IF_ERROR(budget->Spend(value.dict().size() * Budget::kElement));
    for (const auto& [key, held] : value.dict()) elements.push_back(key);
  } else if (value.is_string()) {
    HONE_RETURN_IF_ERROR(budget->Spend(value.string().size() * Budget::kElement));
    for (std::string& character : Characters(value.string())) {
      elements.push_back(Value::String(std::move(character)));
    }
  } else if (const Loop* loop = value.loop()) {
    elements = loop->items;
  } else if (!value.is_undefined()) {
    return absl::InvalidArgumentError(absl::StrCat("a ", value.TypeName(), " is not iterable"));
  }
  return elements;
}

StatusOr<int64_t> LengthOf(const Value& value) {
  if (value.is_string()) return Length(value.string());
  if (value.is_sequence() && !value.is_generator()) {
    return static_cast<int64_t>(value.items().size());
  }
  if (value.is_dict()) return static_cast<int64_t>(value.dict().size());
  if (value.loop() != nullptr) return static_cast<int64_t>(value.loop()->items.size());
  if (value.is_undefined()) return 0;
  return absl::InvalidArgumentError(absl::StrCat("a ", value.TypeName(), " has no length"));
}

StatusOr<std::string> TextOf(const Value& value, Budget* budget) {
  HONE_RETURN_IF_ERROR(budget->Spend(value.extent().weight));
  return Str(value);
}

}  // namespace hone::jinja
