// Runs a parsed template. What comes out is a pure function of the template, the variables and the
// time that is passed in.
#ifndef HONE_MODEL_TEMPLATE_INTERPRETER_H_
#define HONE_MODEL_TEMPLATE_INTERPRETER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "base/status.h"
#include "model/template/ast.h"
#include "model/template/value.h"

namespace hone::jinja {

using Variables = std::vector<std::pair<std::string, Value>>;

// `now` is what strftime_now() shows. Of two variables with one name, the last counts. Errors start
// with "line N: "; ResourceExhausted when the template asks for more than any chat needs.
StatusOr<std::string> Run(const Body& body, const Variables& variables, absl::CivilSecond now);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_INTERPRETER_H_
