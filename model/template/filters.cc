#include "model/template/filters.h"

#include "absl/strings/str_cat.h"
#include "model/template/list_filters.h"
#include "model/template/text_filters.h"

namespace hone::jinja {

StatusOr<Value> ApplyFilter(absl::string_view name, const Value& value, const Arguments& arguments,
                            Budget* budget) {
  for (const FilterTable* table : {&TextFilters(), &ListFilters()}) {
    if (const auto found = table->find(name); found != table->end()) {
      return found->second(value, arguments, budget);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no filter \"", name, "\""));
}

}  // namespace hone::jinja
