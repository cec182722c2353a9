// JSON from files that somebody else wrote: size and depth are capped, keys may not repeat.
#ifndef HONE_MODEL_JSON_H_
#define HONE_MODEL_JSON_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace hone {

struct JsonLimits {
  size_t max_bytes = size_t{1} << 20;
  int max_depth = 32;  // objects and arrays inside one another
};

// Errors (InvalidArgument) start with `what`, e.g. the file's name. Text after the value, bytes
// that are not UTF-8, and a key that stands twice in one object are errors.
StatusOr<nlohmann::json> ParseJson(absl::string_view text, const JsonLimits& limits,
                                   const std::string& what);

}  // namespace hone

#endif  // HONE_MODEL_JSON_H_
