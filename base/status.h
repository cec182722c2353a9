// Errors where the outside world can fail: absl::Status, with two macros to pass them on.
// A message says what failed, where, and what to do about it.
#ifndef HONE_BASE_STATUS_H_
#define HONE_BASE_STATUS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hone {

using absl::Status;
using absl::StatusOr;

// The same code with `context: ` before the message. OK stays OK.
Status Annotate(const Status& status, absl::string_view context);

// An error from errno, e.g. FromErrno(errno, "cannot open x.json").
Status FromErrno(int error_number, absl::string_view context);

// The process exit code of the design: 0 done, 2 usage or configuration (InvalidArgument), 1 else.
int ExitCode(const Status& status);

}  // namespace hone

#define HONE_CONCAT_INNER(a, b) a##b
#define HONE_CONCAT(a, b) HONE_CONCAT_INNER(a, b)

#define HONE_RETURN_IF_ERROR(expr)                      \
  do {                                                  \
    if (auto hone_status = (expr); !hone_status.ok()) { \
      return hone_status;                               \
    }                                                   \
  } while (false)

#define HONE_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                               \
  if (!tmp.ok()) return tmp.status();              \
  lhs = *std::move(tmp)

#define HONE_ASSIGN_OR_RETURN(lhs, expr) \
  HONE_ASSIGN_OR_RETURN_IMPL(HONE_CONCAT(hone_result_, __LINE__), lhs, expr)

#endif  // HONE_BASE_STATUS_H_
