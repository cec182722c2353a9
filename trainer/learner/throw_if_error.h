// From Status to the exceptions that tensor code throws.
#ifndef HONE_TRAINER_LEARNER_THROW_IF_ERROR_H_
#define HONE_TRAINER_LEARNER_THROW_IF_ERROR_H_

#include <c10/util/Exception.h>

#include <string>

#include "base/status.h"

namespace hone {

inline void ThrowIfError(const Status& status) {
  TORCH_CHECK(status.ok(), std::string(status.message()));
}

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_THROW_IF_ERROR_H_
