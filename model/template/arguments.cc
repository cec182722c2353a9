#include "model/template/arguments.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace hone::jinja {
namespace {

Status WrongKind(const Value& value, absl::string_view wanted) {
  if (value.is_undefined()) return absl::InvalidArgumentError(value.UndefinedMessage());
  return absl::InvalidArgumentError(
      absl::StrCat("an argument is a ", value.TypeName(), ", not ", wanted));
}

}  // namespace

StatusOr<std::vector<std::optional<Value>>> Arguments::Bind(
    absl::string_view function, const std::vector<absl::string_view>& parameters,
    size_t required) const {
  if (positional.size() > parameters.size()) {
    return absl::InvalidArgumentError(absl::StrCat(function, "() takes ", parameters.size(),
                                                   " arguments, not ", positional.size()));
  }
  std::vector<std::optional<Value>> bound(positional.begin(), positional.end());
  bound.resize(parameters.size());
  for (const auto& [name, value] : named) {
    const auto place = std::find(parameters.begin(), parameters.end(), name);
    if (place == parameters.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(function, "() has no parameter \"", name, "\""));
    }
    std::optional<Value>& slot = bound[place - parameters.begin()];
    if (slot.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(function, "() gets \"", name, "\" twice"));
    }
    slot = value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (!bound[i].has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat(function, "() lacks its argument \"", parameters[i], "\""));
    }
  }
  return bound;
}

bool BoolOf(const std::optional<Value>& value, bool missing) {
  return value.has_value() ? value->Truth() : missing;
}

StatusOr<int64_t> IntOf(const std::optional<Value>& value, int64_t missing) {
  if (!value.has_value()) return missing;
  if (!value->is_int() && !value->is_bool()) return WrongKind(*value, "an integer");
  return value->integer();
}

StatusOr<std::string> StringOf(const std::optional<Value>& value, absl::string_view missing) {
  if (!value.has_value()) return std::string(missing);
  if (!value->is_string()) return WrongKind(*value, "a string");
  return value->string();
}

StatusOr<std::optional<std::string>> OptionalString(const std::optional<Value>& value) {
  if (!value.has_value() || value->is_none()) return std::optional<std::string>();
  HONE_ASSIGN_OR_RETURN(std::string text, StringOf(value, ""));
  return std::optional<std::string>(std::move(text));
}

}  // namespace hone::jinja
