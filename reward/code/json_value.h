// A JSON value whose whole numbers keep all their digits: 2^70 and 2^70 + 1 differ.
#ifndef HONE_REWARD_CODE_JSON_VALUE_H_
#define HONE_REWARD_CODE_JSON_VALUE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

struct JsonValue {
  enum class Kind { kNull, kBool, kInteger, kFloat, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  std::string text = {};              // true or false; a number's digits; a string's bytes
  std::vector<JsonValue> items = {};  // of an array; an object's values, in the order of its keys
  std::vector<std::string> keys = {};

  // The value of a key, null without it; of several with one name the last.
  const JsonValue* Find(absl::string_view key) const;
  bool is(Kind other) const { return kind == other; }
};

// InvalidArgument for anything but one JSON value that is at most 200 levels deep.
StatusOr<JsonValue> ParseJsonValue(absl::string_view text);

void AppendJsonValue(const JsonValue& value, std::string* out);

// Whether `got` is what was wanted. Kinds must agree, and whole numbers are equal by every digit; a
// number with a fraction may differ by `tolerance`, absolutely below 1 and relatively above; 2.0
// equals 2. Objects are compared without order.
bool SameValue(const JsonValue& got, const JsonValue& wanted, double tolerance);

// Whether two numbers are as close as that.
bool Close(double got, double wanted, double tolerance);

}  // namespace hone

#endif  // HONE_REWARD_CODE_JSON_VALUE_H_
