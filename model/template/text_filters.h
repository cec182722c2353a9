// The filters of one value: text, numbers, and what stands in for what is missing.
#ifndef HONE_MODEL_TEMPLATE_TEXT_FILTERS_H_
#define HONE_MODEL_TEMPLATE_TEXT_FILTERS_H_

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/template/arguments.h"
#include "model/template/budget.h"
#include "model/template/value.h"

namespace hone::jinja {

using FilterFunction = StatusOr<Value> (*)(const Value& value, const Arguments& arguments,
                                           Budget* budget);
using FilterTable = absl::flat_hash_map<absl::string_view, FilterFunction>;

const FilterTable& TextFilters();

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_TEXT_FILTERS_H_
