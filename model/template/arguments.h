// Arguments of a call, a filter or a test.
#ifndef HONE_MODEL_TEMPLATE_ARGUMENTS_H_
#define HONE_MODEL_TEMPLATE_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/template/value.h"

namespace hone::jinja {

struct Arguments {
  List positional;
  std::vector<std::pair<std::string, Value>> named;

  // One entry for each parameter, none where it was not given. The first `required` must be given.
  // Errors name `function`.
  StatusOr<std::vector<std::optional<Value>>> Bind(absl::string_view function,
                                                   const std::vector<absl::string_view>& parameters,
                                                   size_t required) const;
};

// What a parameter says, or `missing`; InvalidArgument for a value of another kind, but anything
// has a truth.
bool BoolOf(const std::optional<Value>& value, bool missing);
StatusOr<int64_t> IntOf(const std::optional<Value>& value, int64_t missing);
StatusOr<std::string> StringOf(const std::optional<Value>& value, absl::string_view missing);
// None for what was not given, and for Python's None.
StatusOr<std::optional<std::string>> OptionalString(const std::optional<Value>& value);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_ARGUMENTS_H_
