// Jinja's grammar, without what reaches for other templates (include, import, extends, block) and
// without recursive loops.
#ifndef HONE_MODEL_TEMPLATE_PARSER_H_
#define HONE_MODEL_TEMPLATE_PARSER_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/template/ast.h"

namespace hone::jinja {

// Errors start with "line N: ".
StatusOr<Body> Parse(absl::string_view source);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_PARSER_H_
