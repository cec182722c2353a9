// Every constraint on what judges completions.
#ifndef HONE_CONFIG_VALIDATE_VERIFIER_H_
#define HONE_CONFIG_VALIDATE_VERIFIER_H_

#include <string>

#include "config/checker.h"
#include "config/verifier_spec.h"

namespace hone {

void CheckVerifier(Checker& check, const std::string& path, const VerifierSpec& verifier);

}  // namespace hone

#endif  // HONE_CONFIG_VALIDATE_VERIFIER_H_
