#include "base/status.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace hone {

Status Annotate(const Status& status, absl::string_view context) {
  if (status.ok()) return status;
  return Status(status.code(), absl::StrCat(context, ": ", status.message()));
}

Status FromErrno(int error_number, absl::string_view context) {
  return absl::ErrnoToStatus(error_number, context);
}

int ExitCode(const Status& status) {
  if (status.ok()) return 0;
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace hone
