// The methods of strings, dicts, lists and loops that templates may call: those of Python that only
// look.
#ifndef HONE_MODEL_TEMPLATE_METHODS_H_
#define HONE_MODEL_TEMPLATE_METHODS_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/template/arguments.h"
#include "model/template/budget.h"
#include "model/template/value.h"

namespace hone::jinja {

bool HasMethod(const Value& receiver, absl::string_view name);

// `name` must be a method of the receiver.
StatusOr<Value> CallMethod(const Value& receiver, absl::string_view name,
                           const Arguments& arguments, Budget* budget);

// text.replace(from, to): at most `count` times, any number if negative.
StatusOr<std::string> Replace(absl::string_view text, absl::string_view from, absl::string_view to,
                              int64_t count, Budget* budget);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_METHODS_H_
