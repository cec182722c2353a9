#include "reward/sandbox/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hone {
namespace {

constexpr char kName[] = "hone-job";
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

StatusOr<Descriptor> EmptyMemoryFile() {
  Descriptor file(memfd_create(kName, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open()) return FromErrno(errno, "cannot make a file in memory for the sandbox");
  return file;
}

StatusOr<Descriptor> SealedMemoryFile(absl::string_view content) {
  HONE_ASSIGN_OR_RETURN(Descriptor file, EmptyMemoryFile());
  for (size_t done = 0; done < content.size();) {
    const ssize_t count =
        pwrite(file.get(), content.data() + done, content.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return FromErrno(errno, "cannot fill a file in memory for the sandbox");
    done += count;
  }
  if (fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) {
    return FromErrno(errno, "cannot seal a file in memory for the sandbox");
  }
  return file;
}

StatusOr<uint64_t> MemoryFileBytes(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0) return FromErrno(errno, "cannot examine what the sandbox wrote");
  return static_cast<uint64_t>(info.st_size);
}

StatusOr<std::string> ReadMemoryFile(int fd, uint64_t max_bytes) {
  HONE_ASSIGN_OR_RETURN(const uint64_t size, MemoryFileBytes(fd));
  std::string content(std::min(size, max_bytes), '\0');
  const uint64_t begin = size - content.size();
  for (size_t done = 0; done < content.size();) {
    const ssize_t count =
        pread(fd, content.data() + done, content.size() - done, static_cast<off_t>(begin + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return FromErrno(errno, "cannot read what the sandbox wrote");
    done += count;
  }
  return content;
}

}  // namespace hone
