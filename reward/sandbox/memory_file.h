// Files without a name, in memory: what a job reads and what it writes. Nothing of a job is ever in
// the machine's file system.
#ifndef HONE_REWARD_SANDBOX_MEMORY_FILE_H_
#define HONE_REWARD_SANDBOX_MEMORY_FILE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/descriptor.h"
#include "base/status.h"

namespace hone {

// An empty file to be written to.
StatusOr<Descriptor> EmptyMemoryFile();
// `content`, to be read from its start; nobody can change it any more.
StatusOr<Descriptor> SealedMemoryFile(absl::string_view content);
// The bytes of any file: all, or the last `max_bytes`.
StatusOr<std::string> ReadMemoryFile(int fd, uint64_t max_bytes);
StatusOr<uint64_t> MemoryFileBytes(int fd);

}  // namespace hone

#endif  // HONE_REWARD_SANDBOX_MEMORY_FILE_H_
