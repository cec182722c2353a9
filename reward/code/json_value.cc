#include "reward/code/json_value.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/json_text.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

using Kind = JsonValue::Kind;
using Json = nlohmann::json;

constexpr size_t kMaxDepth = 200;

// Builds the tree from the parser's events; `open_` are the arrays and objects not yet closed.
class TreeBuilder : public nlohmann::json_sax<Json> {
 public:
  JsonValue Take() { return std::move(root_); }

  bool null() override { return Leaf(Kind::kNull, ""); }
  bool boolean(bool value) override { return Leaf(Kind::kBool, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return Leaf(Kind::kInteger, absl::StrCat(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Leaf(Kind::kInteger, absl::StrCat(value));
  }
  // Also gets whole numbers that are too large for the two above.
  bool number_float(number_float_t, const string_t& text) override {
    const bool whole = text.find_first_of(".eE") == std::string::npos;
    return Leaf(whole ? Kind::kInteger : Kind::kFloat, text);
  }
  bool string(string_t& value) override { return Leaf(Kind::kString, value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(Kind::kObject); }
  bool key(string_t& value) override {
    open_.back().keys.push_back(value);
    return true;
  }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t) override { return Open(Kind::kArray); }
  bool end_array() override { return Close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool Open(Kind kind) {
    if (open_.size() == kMaxDepth) return false;
    open_.push_back({.kind = kind});
    return true;
  }
  bool Close() {
    JsonValue value = std::move(open_.back());
    open_.pop_back();
    return Add(std::move(value));
  }
  bool Leaf(Kind kind, std::string text) { return Add({.kind = kind, .text = std::move(text)}); }
  bool Add(JsonValue value) {
    (open_.empty() ? root_ : open_.back().items.emplace_back()) = std::move(value);
    return true;
  }

  JsonValue root_;
  std::vector<JsonValue> open_;
};

double AsDouble(const JsonValue& number) {
  double value = std::nan("");
  return absl::SimpleAtod(number.text, &value) ? value : std::nan("");
}

bool IsNumber(const JsonValue& value) { return value.is(Kind::kInteger) || value.is(Kind::kFloat); }

}  // namespace

const JsonValue* JsonValue::Find(absl::string_view key) const {
  for (size_t i = keys.size(); i-- > 0;) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

StatusOr<JsonValue> ParseJsonValue(absl::string_view text) {
  TreeBuilder builder;
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return absl::InvalidArgumentError("is not JSON, or too deep");
  }
  return builder.Take();
}

void AppendJsonValue(const JsonValue& value, std::string* out) {
  switch (value.kind) {
    case Kind::kNull:
      *out += "null";
      return;
    case Kind::kBool:
    case Kind::kInteger:
    case Kind::kFloat:
      *out += value.text;
      return;
    case Kind::kString:
      AppendJsonString(value.text, out);
      return;
    case Kind::kArray:
    case Kind::kObject: {
      const bool array = value.is(Kind::kArray);
      *out += array ? '[' : '{';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) *out += ',';
        if (!array) {
          AppendJsonString(value.keys[i], out);
          *out += ':';
        }
        AppendJsonValue(value.items[i], out);
      }
      *out += array ? ']' : '}';
      return;
    }
  }
}

bool Close(double got, double wanted, double tolerance) {
  return std::abs(got - wanted) <= tolerance * std::max(1.0, std::abs(wanted));
}

bool SameValue(const JsonValue& got, const JsonValue& wanted, double tolerance) {
  if (IsNumber(got) && IsNumber(wanted)) {
    if (wanted.is(Kind::kInteger)) {
      // A double stands for one whole number up to 2^53 only.
      constexpr double kExact = 9007199254740992.0;
      const double value = AsDouble(wanted);
      return got.is(Kind::kInteger) ? got.text == wanted.text
                                    : AsDouble(got) == value && std::abs(value) <= kExact;
    }
    return Close(AsDouble(got), AsDouble(wanted), tolerance);
  }
  if (got.kind != wanted.kind || got.text != wanted.text ||
      got.items.size() != wanted.items.size()) {
    return false;
  }
  if (wanted.is(Kind::kObject)) {
    return std::all_of(wanted.keys.begin(), wanted.keys.end(), [&](const std::string& key) {
      const JsonValue* value = got.Find(key);
      return value != nullptr && SameValue(*value, *wanted.Find(key), tolerance);
    });
  }
  for (size_t i = 0; i < wanted.items.size(); ++i) {
    if (!SameValue(got.items[i], wanted.items[i], tolerance)) return false;
  }
  return true;
}

}  // namespace hone
