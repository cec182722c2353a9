// Words for people and for the logs/ folder. Data never goes here: it goes to files or stdout.
// Thread safety: all functions may be called from any thread.
#ifndef HONE_BASE_LOG_H_
#define HONE_BASE_LOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

// Sends log lines of this process to `path` (appended). Before the call they go to stderr.
// Warnings and errors go to stderr as well when `also_stderr` is set.
Status OpenLogFile(const std::string& path, absl::string_view role, bool also_stderr);

void LogInfo(absl::string_view message);
void LogWarning(absl::string_view message);
void LogError(absl::string_view message);

}  // namespace hone

#endif  // HONE_BASE_LOG_H_
