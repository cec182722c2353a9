// Python's operators on the values of a template. What makes or looks through much is paid for
// before it is done.
#ifndef HONE_MODEL_TEMPLATE_OPERATORS_H_
#define HONE_MODEL_TEMPLATE_OPERATORS_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/template/budget.h"
#include "model/template/value.h"

namespace hone::jinja {

// `op` is one of + - * / // % ** ~. Integers have 64 bits; an overflow is an error.
StatusOr<Value> Binary(absl::string_view op, const Value& a, const Value& b, Budget* budget);
StatusOr<Value> Negate(const Value& value);

// `op` is one of == != < <= > >= in "not in".
StatusOr<bool> Compare(absl::string_view op, const Value& a, const Value& b, Budget* budget);

// An error for what Python does not take for a key of a dict.
Status CheckKey(const Value& value);

// value.name and value[key]: undefined where there is nothing, an error where `value` itself is
// undefined. The methods of strings, lists and dicts come as functions.
StatusOr<Value> Attribute(const Value& value, absl::string_view name);
StatusOr<Value> Item(const Value& value, const Value& key);
// value[begin:end:step].
StatusOr<Value> Slice(const Value& value, std::optional<int64_t> begin, std::optional<int64_t> end,
                      int64_t step, Budget* budget);

// What a for goes through: elements, keys or characters; nothing for undefined.
StatusOr<List> Elements(const Value& value, Budget* budget);
StatusOr<int64_t> LengthOf(const Value& value);
// str(value), paid for.
StatusOr<std::string> TextOf(const Value& value, Budget* budget);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_OPERATORS_H_
