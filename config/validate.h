// What the values of an experiment must satisfy, apart from their types.
#ifndef HONE_CONFIG_VALIDATE_H_
#define HONE_CONFIG_VALIDATE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "config/experiment.h"

namespace hone {

// Checks every constraint. The error is InvalidArgument for the first one that does not hold, in
// the order of the fields: "where: path …, what is wrong". `where` names the place of a dotted
// path, e.g. the file's line.
Status Validate(const Experiment& experiment,
                absl::FunctionRef<std::string(absl::string_view path)> where);

// The same for an algorithm alone, at the path "algorithm".
Status ValidateAlgorithm(const AlgorithmSpec& algorithm,
                         absl::FunctionRef<std::string(absl::string_view path)> where);

}  // namespace hone

#endif  // HONE_CONFIG_VALIDATE_H_
