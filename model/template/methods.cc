#include "model/template/methods.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/template/operators.h"
#include "model/template/python_text.h"

namespace hone::jinja {
namespace {

using Bound = std::vector<std::optional<Value>>;

constexpr absl::string_view kStringMethods[] = {
    "capitalize",   "count",     "endswith", "find",    "index",      "isalpha",
    "isdigit",      "islower",   "isspace",  "isupper", "join",       "lower",
    "lstrip",       "partition", "replace",  "rfind",   "rpartition", "removeprefix",
    "removesuffix", "rsplit",    "rstrip",   "split",   "splitlines", "startswith",
    "strip",        "title",     "upper",    "zfill"};
constexpr absl::string_view kDictMethods[] = {"get", "items", "keys", "values"};
constexpr absl::string_view kListMethods[] = {"count", "index"};

template <size_t N>
bool IsOneOf(absl::string_view name, const absl::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

Value Strings(std::vector<std::string> parts) {
  List items;
  for (std::string& part : parts) items.push_back(Value::String(std::move(part)));
  return Value::MakeList(std::move(items));
}

// startswith and endswith: one text or a tuple of them.
StatusOr<Value> HasEnd(const std::string& text, absl::string_view name,
                       const Arguments& arguments) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind(name, {"text"}, 1));
  const Value& wanted = *bound[0];
  const List ends = wanted.is_tuple() ? wanted.items() : List{wanted};
  for (const Value& end : ends) {
    HONE_ASSIGN_OR_RETURN(const std::string part, StringOf(end, ""));
    if (name == "startswith" ? absl::StartsWith(text, part) : absl::EndsWith(text, part)) {
      return Value::Bool(true);
    }
  }
  return Value::Bool(false);
}

StatusOr<Value> SplitText(const std::string& text, absl::string_view name,
                          const Arguments& arguments) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind(name, {"sep", "maxsplit"}, 0));
  HONE_ASSIGN_OR_RETURN(const std::optional<std::string> separator, OptionalString(bound[0]));
  HONE_ASSIGN_OR_RETURN(const int64_t most, IntOf(bound[1], -1));
  if (separator.has_value() && separator->empty()) {
    return absl::InvalidArgumentError("a text is split by the empty string");
  }
  return Strings(name == "split" ? Split(text, separator, most)
                                 : SplitFromRight(text, separator, most));
}

StatusOr<Value> StripText(const std::string& text, absl::string_view name,
                          const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind(name, {"chars"}, 0));
  HONE_ASSIGN_OR_RETURN(const std::optional<std::string> chars, OptionalString(bound[0]));
  // Each character that goes is looked for among `chars`.
  if (chars.has_value() && chars->size() > 8) {
    HONE_RETURN_IF_ERROR(budget->Spend(text.size() * std::min<size_t>(chars->size(), 1 << 20)));
  }
  return Value::String(std::string(Strip(text, chars, name != "rstrip", name != "lstrip")));
}

StatusOr<Value> FindText(const std::string& text, absl::string_view name,
                         const Arguments& arguments) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind(name, {"text"}, 1));
  HONE_ASSIGN_OR_RETURN(const std::string part, StringOf(bound[0], ""));
  const size_t at = name == "rfind" ? text.rfind(part) : text.find(part);
  if (at != std::string::npos) return Value::Int(Length(text.substr(0, at)));
  if (name == "index") return absl::InvalidArgumentError("index(): the text is not there");
  return Value::Int(-1);
}

StatusOr<Value> CountText(const std::string& text, const Arguments& arguments) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind("count", {"text"}, 1));
  HONE_ASSIGN_OR_RETURN(const std::string part, StringOf(bound[0], ""));
  if (part.empty()) return Value::Int(Length(text) + 1);
  int64_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return Value::Int(count);
}

StatusOr<Value> Partition(const std::string& text, absl::string_view name,
                          const Arguments& arguments) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind(name, {"sep"}, 1));
  HONE_ASSIGN_OR_RETURN(const std::string separator, StringOf(bound[0], ""));
  if (separator.empty()) return absl::InvalidArgumentError("a text is cut by the empty string");
  const bool right = name == "rpartition";
  const size_t at = right ? text.rfind(separator) : text.find(separator);
  std::vector<std::string> parts = {text, "", ""};
  if (at != std::string::npos) {
    parts = {text.substr(0, at), separator, text.substr(at + separator.size())};
  } else if (right) {
    parts = {"", "", text};
  }
  return Value::MakeTuple(Strings(std::move(parts)).items());
}

StatusOr<Value> WithoutEnd(const std::string& text, absl::string_view name,
                           const Arguments& arguments) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind(name, {"text"}, 1));
  HONE_ASSIGN_OR_RETURN(const std::string part, StringOf(bound[0], ""));
  if (name == "removeprefix" ? !absl::StartsWith(text, part) : !absl::EndsWith(text, part)) {
    return Value::String(text);
  }
  return Value::String(name == "removeprefix" ? text.substr(part.size())
                                              : text.substr(0, text.size() - part.size()));
}

StatusOr<Value> JoinBy(const std::string& separator, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind("join", {"iterable"}, 1));
  HONE_ASSIGN_OR_RETURN(const List parts, Elements(*bound[0], budget));
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    HONE_ASSIGN_OR_RETURN(const std::string part, StringOf(parts[i], ""));
    HONE_RETURN_IF_ERROR(budget->Spend(separator.size() + part.size()));
    absl::StrAppend(&out, i == 0 ? "" : separator, part);
  }
  return Value::String(std::move(out));
}

StatusOr<Value> ZeroFill(const std::string& text, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind("zfill", {"width"}, 1));
  HONE_ASSIGN_OR_RETURN(const int64_t width, IntOf(bound[0], 0));
  const int64_t missing = width - Length(text);
  if (missing <= 0) return Value::String(text);
  HONE_RETURN_IF_ERROR(budget->Spend(missing));
  const bool sign = absl::StartsWith(text, "-") || absl::StartsWith(text, "+");
  return Value::String(absl::StrCat(text.substr(0, sign ? 1 : 0), std::string(missing, '0'),
                                    text.substr(sign ? 1 : 0)));
}

// The methods without arguments.
std::optional<Value> PlainString(const std::string& text, absl::string_view name) {
  if (name == "lower") return Value::String(Lower(text));
  if (name == "upper") return Value::String(Upper(text));
  if (name == "title") return Value::String(Title(text));
  if (name == "capitalize") return Value::String(Capitalize(text));
  if (name == "isalpha") return Value::Bool(IsAlpha(text));
  if (name == "isdigit") return Value::Bool(IsDigit(text));
  if (name == "isspace") return Value::Bool(IsAllSpace(text));
  if (name == "islower") return Value::Bool(IsLower(text));
  if (name == "isupper") return Value::Bool(IsUpper(text));
  return std::nullopt;
}

StatusOr<Value> CallString(const std::string& text, absl::string_view name,
                           const Arguments& arguments, Budget* budget) {
  // What is made of the text is never longer, or paid for by itself.
  HONE_RETURN_IF_ERROR(budget->Spend(2 * text.size()));
  if (std::optional<Value> plain = PlainString(text, name)) {
    HONE_RETURN_IF_ERROR(arguments.Bind(name, {}, 0).status());
    return *std::move(plain);
  }
  if (name == "startswith" || name == "endswith") return HasEnd(text, name, arguments);
  if (name == "split" || name == "rsplit") {
    HONE_RETURN_IF_ERROR(budget->Spend(Budget::kElement * text.size()));
    return SplitText(text, name, arguments);
  }
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    return StripText(text, name, arguments, budget);
  }
  if (name == "find" || name == "rfind" || name == "index") return FindText(text, name, arguments);
  if (name == "count") return CountText(text, arguments);
  if (name == "partition" || name == "rpartition") return Partition(text, name, arguments);
  if (name == "removeprefix" || name == "removesuffix") return WithoutEnd(text, name, arguments);
  if (name == "join") return JoinBy(text, arguments, budget);
  if (name == "zfill") return ZeroFill(text, arguments, budget);
  if (name == "splitlines") {
    HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind(name, {"keepends"}, 0));
    HONE_RETURN_IF_ERROR(budget->Spend(Budget::kElement * text.size()));
    return Strings(SplitLines(text, BoolOf(bound[0], false)));
  }
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind("replace", {"old", "new", "count"}, 2));
  HONE_ASSIGN_OR_RETURN(const std::string from, StringOf(bound[0], ""));
  HONE_ASSIGN_OR_RETURN(const std::string to, StringOf(bound[1], ""));
  HONE_ASSIGN_OR_RETURN(const int64_t count, IntOf(bound[2], -1));
  HONE_ASSIGN_OR_RETURN(std::string out, Replace(text, from, to, count, budget));
  return Value::String(std::move(out));
}

StatusOr<Value> CallDict(const Value& receiver, absl::string_view name, const Arguments& arguments,
                         Budget* budget) {
  if (name == "get") {
    HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind(name, {"key", "default"}, 1));
    HONE_RETURN_IF_ERROR(CheckKey(*bound[0]));
    const Value* found = Find(receiver.dict(), *bound[0]);
    return found != nullptr ? *found : bound[1].value_or(Value::MakeNone());
  }
  HONE_RETURN_IF_ERROR(arguments.Bind(name, {}, 0).status());
  HONE_RETURN_IF_ERROR(budget->Spend(2 * Budget::kElement * receiver.dict().size()));
  List items;
  for (const auto& [key, value] : receiver.dict()) {
    items.push_back(name == "keys"     ? key
                    : name == "values" ? value
                                       : Value::MakeTuple({key, value}));
  }
  return Value::MakeList(std::move(items));
}

StatusOr<Value> CallList(const Value& receiver, absl::string_view name, const Arguments& arguments,
                         Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const Bound bound, arguments.Bind(name, {"value"}, 1));
  HONE_RETURN_IF_ERROR(budget->Spend(receiver.extent().weight));
  const List& items = receiver.items();
  const auto matches = [&](const Value& item) { return Equal(item, *bound[0]); };
  if (name == "count") return Value::Int(std::count_if(items.begin(), items.end(), matches));
  const auto place = std::find_if(items.begin(), items.end(), matches);
  if (place == items.end()) {
    return absl::InvalidArgumentError("index(): the value is not in the list");
  }
  return Value::Int(place - items.begin());
}

StatusOr<Value> CallLoop(Loop* loop, absl::string_view name, const Arguments& arguments,
                         Budget* budget) {
  if (!arguments.named.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("loop.", name, "() has no named parameters"));
  }
  const List& values = arguments.positional;
  if (name == "cycle") {
    if (values.empty()) return absl::InvalidArgumentError("loop.cycle() needs an argument");
    return values[loop->index % values.size()];
  }
  HONE_RETURN_IF_ERROR(budget->Spend(Value::MakeList(values).extent().weight));
  const bool changed =
      !loop->asked ||
      !std::equal(values.begin(), values.end(), loop->changed.begin(), loop->changed.end(), Equal);
  loop->asked = true;
  if (changed) loop->changed = values;
  return Value::Bool(changed);
}

}  // namespace

bool HasMethod(const Value& receiver, absl::string_view name) {
  if (receiver.is_string()) return IsOneOf(name, kStringMethods);
  if (receiver.is_dict()) return IsOneOf(name, kDictMethods);
  if (receiver.is_sequence() && !receiver.is_generator()) return IsOneOf(name, kListMethods);
  return false;
}

StatusOr<Value> CallMethod(const Value& receiver, absl::string_view name,
                           const Arguments& arguments, Budget* budget) {
  if (receiver.is_string()) return CallString(receiver.string(), name, arguments, budget);
  if (receiver.is_dict()) return CallDict(receiver, name, arguments, budget);
  if (receiver.loop() != nullptr) return CallLoop(receiver.loop(), name, arguments, budget);
  return CallList(receiver, name, arguments, budget);
}

StatusOr<std::string> Replace(absl::string_view text, absl::string_view from, absl::string_view to,
                              int64_t count, Budget* budget) {
  const auto most = count < 0 ? std::numeric_limits<int64_t>::max() : count;
  std::string out;
  int64_t done = 0;
  if (from.empty()) {  // before each character and at the end
    for (const std::string& character : Characters(text)) {
      if (done++ < most) {
        HONE_RETURN_IF_ERROR(budget->Spend(to.size()));
        absl::StrAppend(&out, to);
      }
      out += character;
    }
    if (done < most) absl::StrAppend(&out, to);
    return out;
  }
  for (size_t at; done < most && (at = text.find(from)) != absl::string_view::npos; ++done) {
    HONE_RETURN_IF_ERROR(budget->Spend(to.size()));
    absl::StrAppend(&out, text.substr(0, at), to);
    text.remove_prefix(at + from.size());
  }
  absl::StrAppend(&out, text);
  return out;
}

}  // namespace hone::jinja
