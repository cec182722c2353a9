#include "model/template/text_filters.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/template/methods.h"
#include "model/template/operators.h"
#include "model/template/python_text.h"
#include "model/template/to_json.h"

namespace hone::jinja {
namespace {

// Wide indents would multiply a large JSON.
constexpr int64_t kMaxIndent = 64;

template <std::string (*kChange)(absl::string_view)>
StatusOr<Value> Changed(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_RETURN_IF_ERROR(arguments.Bind("the filter", {}, 0).status());
  HONE_ASSIGN_OR_RETURN(const std::string text, TextOf(value, budget));
  return Value::String(kChange(text));
}

std::string Same(absl::string_view text) { return std::string(text); }

// Each word, after blanks, "-" or an opening bracket, with its first letter large.
std::string TitleWords(absl::string_view text) {
  std::string out;
  bool inside = false;
  for (const std::string& character : Characters(text)) {
    const bool between = IsAllSpace(character) ||
                         absl::string_view("-({[<").find(character) != absl::string_view::npos;
    out += between || inside ? Lower(character) : Upper(character);
    inside = !between;
  }
  return out;
}

StatusOr<Value> Trim(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const std::string text, TextOf(value, budget));
  return CallMethod(Value::String(text), "strip", arguments, budget);
}

StatusOr<Value> ReplaceText(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind("replace", {"old", "new", "count"}, 2));
  HONE_ASSIGN_OR_RETURN(const std::string text, TextOf(value, budget));
  HONE_ASSIGN_OR_RETURN(const std::string from, TextOf(*bound[0], budget));
  HONE_ASSIGN_OR_RETURN(const std::string to, TextOf(*bound[1], budget));
  const bool all = !bound[2].has_value() || bound[2]->is_none();
  HONE_ASSIGN_OR_RETURN(const int64_t count, IntOf(all ? Value::Int(-1) : bound[2], -1));
  HONE_ASSIGN_OR_RETURN(std::string out, Replace(text, from, to, count, budget));
  return Value::String(std::move(out));
}

// As Python counts lines, with "\n" between them.
StatusOr<Value> Indent(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind("indent", {"width", "first", "blank"}, 0));
  HONE_ASSIGN_OR_RETURN(std::string text, StringOf(value, ""));
  std::string indent;
  if (bound[0].has_value() && bound[0]->is_string()) {
    indent = bound[0]->string();
  } else {
    HONE_ASSIGN_OR_RETURN(const int64_t width, IntOf(bound[0], 4));
    if (width > 0) {
      HONE_RETURN_IF_ERROR(budget->Spend(width));
      indent.assign(width, ' ');
    }
  }
  const bool first = BoolOf(bound[1], false), blank = BoolOf(bound[2], false);
  text += '\n';
  std::string out;
  const std::vector<std::string> lines = SplitLines(text, /*keep_ends=*/false);
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool indented = i == 0 ? first : blank || !lines[i].empty();
    HONE_RETURN_IF_ERROR(budget->Spend(indent.size() + lines[i].size()));
    absl::StrAppend(&out, i == 0 ? "" : "\n", indented ? indent : "", lines[i]);
  }
  return Value::String(std::move(out));
}

StatusOr<Value> Center(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind("center", {"width"}, 0));
  HONE_ASSIGN_OR_RETURN(const std::string text, TextOf(value, budget));
  HONE_ASSIGN_OR_RETURN(const int64_t width, IntOf(bound[0], 80));
  const int64_t missing = std::max<int64_t>(0, width - Length(text));
  HONE_RETURN_IF_ERROR(budget->Spend(missing));
  // Python gives the odd blank to the left when the width is odd.
  const int64_t left = missing / 2 + (missing & width & 1);
  return Value::String(
      absl::StrCat(std::string(left, ' '), text, std::string(missing - left, ' ')));
}

StatusOr<Value> Json(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_ASSIGN_OR_RETURN(
      const auto bound,
      arguments.Bind("tojson", {"ensure_ascii", "indent", "separators", "sort_keys"}, 0));
  JsonFormat format;
  format.ensure_ascii = BoolOf(bound[0], false);
  format.sort_keys = BoolOf(bound[3], false);
  if (bound[1].has_value() && bound[1]->is_string()) {
    format.indent = bound[1]->string();
  } else if (bound[1].has_value() && !bound[1]->is_none()) {
    HONE_ASSIGN_OR_RETURN(const int64_t width, IntOf(bound[1], 0));
    format.indent = std::string(std::clamp<int64_t>(width, 0, kMaxIndent + 1), ' ');
  }
  if (format.indent.has_value()) {
    format.item_separator = std::string(1, ',');
    if (format.indent->size() > kMaxIndent) {
      return absl::InvalidArgumentError(
          absl::StrCat("tojson() indents by at most ", kMaxIndent, " characters"));
    }
  }
  if (bound[2].has_value() && !bound[2]->is_none()) {
    if (!bound[2]->is_sequence() || bound[2]->items().size() != 2) {
      return absl::InvalidArgumentError("tojson() takes two separators");
    }
    HONE_ASSIGN_OR_RETURN(format.item_separator, StringOf(bound[2]->items()[0], ""));
    HONE_ASSIGN_OR_RETURN(format.key_separator, StringOf(bound[2]->items()[1], ""));
  }
  // A byte may become six, and each element may stand in a line of its own.
  const Value::Extent extent = value.extent();
  const size_t around = format.indent.value_or("").size() * (extent.depth + 1) +
                        format.item_separator.size() + format.key_separator.size() + 6;
  HONE_RETURN_IF_ERROR(budget->Spend(extent.weight * std::min<size_t>(around, 1 << 20)));
  HONE_ASSIGN_OR_RETURN(std::string out, ToJson(value, format));
  return Value::String(std::move(out));
}

StatusOr<Value> Default(const Value& value, const Arguments& arguments, Budget*) {
  HONE_ASSIGN_OR_RETURN(const auto bound,
                        arguments.Bind("default", {"default_value", "boolean"}, 0));
  const bool missing = value.is_undefined() || (BoolOf(bound[1], false) && !value.Truth());
  return missing ? bound[0].value_or(Value::String("")) : value;
}

StatusOr<Value> Count(const Value& value, const Arguments& arguments, Budget* budget) {
  HONE_RETURN_IF_ERROR(arguments.Bind("length", {}, 0).status());
  if (value.is_string()) HONE_RETURN_IF_ERROR(budget->Spend(value.string().size()));
  HONE_ASSIGN_OR_RETURN(const int64_t length, LengthOf(value));
  return Value::Int(length);
}

Value Truncated(double value, const Value& missing) {
  // 2^63 is exact in double.
  constexpr double bound = 9223372036854775808.0;
  const bool fits = value > -bound && value < bound;  // false for what is no number
  return fits ? Value::Int(static_cast<int64_t>(value)) : missing;
}

StatusOr<Value> ToInt(const Value& value, const Arguments& arguments, Budget*) {
  HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind("int", {"default"}, 0));
  const Value missing = bound[0].value_or(Value::Int(0));
  if (value.is_undefined()) return absl::InvalidArgumentError(value.UndefinedMessage());
  if (value.is_float()) return Truncated(value.real(), missing);
  if (value.is_number()) return Value::Int(value.integer());
  if (!value.is_string()) return missing;
  const std::string text(Strip(value.string(), std::nullopt, true, true));
  int64_t integer = 0;
  if (absl::SimpleAtoi(text, &integer)) return Value::Int(integer);
  double real = 0;
  return absl::SimpleAtod(text, &real) ? Truncated(real, missing) : missing;
}

StatusOr<Value> ToFloat(const Value& value, const Arguments& arguments, Budget*) {
  HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind("float", {"default"}, 0));
  if (value.is_undefined()) return absl::InvalidArgumentError(value.UndefinedMessage());
  if (value.is_number()) return Value::Float(value.real());
  double real = 0;
  const bool number = value.is_string() && absl::SimpleAtod(value.string(), &real);
  return number ? Value::Float(real) : bound[0].value_or(Value::Float(0));
}

StatusOr<Value> Abs(const Value& value, const Arguments& arguments, Budget*) {
  HONE_RETURN_IF_ERROR(arguments.Bind("abs", {}, 0).status());
  if (value.is_float()) return Value::Float(std::fabs(value.real()));
  if (value.is_number() && value.integer() >= 0) return Value::Int(value.integer());
  return Negate(value);
}

StatusOr<Value> Round(const Value& value, const Arguments& arguments, Budget*) {
  HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind("round", {"precision", "method"}, 0));
  HONE_ASSIGN_OR_RETURN(const int64_t precision, IntOf(bound[0], 0));
  HONE_ASSIGN_OR_RETURN(const std::string method, StringOf(bound[1], "common"));
  if (!value.is_number() || precision < 0 || precision > 15) {
    return absl::InvalidArgumentError("round() takes a number and a precision from 0 to 15");
  }
  if (method == "common") {
    if (!value.is_float()) return Value::Int(value.integer());
    // printf rounds the exact value, halves to even, as Python does.
    const std::string text = absl::StrFormat("%.*f", static_cast<int>(precision), value.real());
    return Value::Float(std::strtod(text.c_str(), nullptr));
  }
  const double scale = std::pow(10.0, static_cast<double>(precision));
  if (method == "ceil") return Value::Float(std::ceil(value.real() * scale) / scale);
  if (method == "floor") return Value::Float(std::floor(value.real() * scale) / scale);
  return absl::InvalidArgumentError("round() knows the methods common, ceil and floor");
}

}  // namespace

const FilterTable& TextFilters() {
  static const auto& table = *new FilterTable{
      {"abs", Abs},
      {"capitalize", Changed<Capitalize>},
      {"center", Center},
      {"count", Count},
      {"d", Default},
      {"default", Default},
      {"float", ToFloat},
      {"indent", Indent},
      {"int", ToInt},
      {"length", Count},
      {"lower", Changed<Lower>},
      {"replace", ReplaceText},
      {"round", Round},
      {"safe", Changed<Same>},
      {"string", Changed<Same>},
      {"title", Changed<TitleWords>},
      {"tojson", Json},
      {"trim", Trim},
      {"upper", Changed<Upper>},
  };
  return table;
}

}  // namespace hone::jinja
