// The filters of lists and dicts.
#ifndef HONE_MODEL_TEMPLATE_LIST_FILTERS_H_
#define HONE_MODEL_TEMPLATE_LIST_FILTERS_H_

#include "model/template/text_filters.h"

namespace hone::jinja {

const FilterTable& ListFilters();

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_LIST_FILTERS_H_
