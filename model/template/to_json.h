// Python's json.dumps, as transformers' tojson filter calls it.
#ifndef HONE_MODEL_TEMPLATE_TO_JSON_H_
#define HONE_MODEL_TEMPLATE_TO_JSON_H_

#include <optional>
#include <string>

#include "base/status.h"
#include "model/template/value.h"

namespace hone::jinja {

struct JsonFormat {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  // of one level; none: all in one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

// InvalidArgument for a value that JSON has no word for.
StatusOr<std::string> ToJson(const Value& value, const JsonFormat& format);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_TO_JSON_H_
