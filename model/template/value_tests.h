// Jinja's tests: "value is name(arguments)".
#ifndef HONE_MODEL_TEMPLATE_VALUE_TESTS_H_
#define HONE_MODEL_TEMPLATE_VALUE_TESTS_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/template/arguments.h"
#include "model/template/budget.h"
#include "model/template/value.h"

namespace hone::jinja {

// InvalidArgument for a name that is no test.
StatusOr<bool> ApplyTest(absl::string_view name, const Value& value, const Arguments& arguments,
                         Budget* budget);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_VALUE_TESTS_H_
