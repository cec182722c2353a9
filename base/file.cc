#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/descriptor.h"

namespace hone {

StatusOr<std::string> ReadFile(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return FromErrno(errno, absl::StrCat("cannot open ", path));
  std::string content;
  char buffer[1 << 16];
  while (true) {
    const ssize_t n = read(file.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno(errno, absl::StrCat("cannot read ", path));
    if (n == 0) return content;
    content.append(buffer, n);
  }
}

Status WriteFileAtomically(const std::string& path, absl::string_view content) {
  const std::string partial = absl::StrCat(path, ".incomplete");
  {
    const Descriptor file(open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file.is_open()) return FromErrno(errno, absl::StrCat("cannot write ", path));
    size_t done = 0;
    while (done < content.size()) {
      const ssize_t n = write(file.get(), content.data() + done, content.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FromErrno(errno, absl::StrCat("cannot write ", path));
      done += n;
    }
    if (fsync(file.get()) != 0) return FromErrno(errno, absl::StrCat("cannot write ", path));
  }
  if (rename(partial.c_str(), path.c_str()) != 0) {
    return FromErrno(errno, absl::StrCat("cannot rename to ", path));
  }
  return absl::OkStatus();
}

Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return FromErrno(error.value(), absl::StrCat("cannot create the folder ", path));
  return absl::OkStatus();
}

Status SyncFolder(const std::string& path) {
  const Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return FromErrno(errno, absl::StrCat("cannot open the folder ", path));
  // Some file systems cannot flush folders; then there is nothing more to do.
  if (fsync(folder.get()) != 0 && errno != EINVAL) {
    return FromErrno(errno, absl::StrCat("cannot flush the folder ", path));
  }
  return absl::OkStatus();
}

bool FileExists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

StatusOr<MappedFile> MappedFile::Open(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return FromErrno(errno, absl::StrCat("cannot open ", path));
  struct stat info;
  if (fstat(file.get(), &info) != 0) return FromErrno(errno, absl::StrCat("cannot stat ", path));
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a regular file"));
  }
  MappedFile mapped;
  mapped.size_ = info.st_size;
  if (mapped.size_ > 0) {
    void* data = mmap(nullptr, mapped.size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (data == MAP_FAILED) return FromErrno(errno, absl::StrCat("cannot map ", path));
    mapped.data_ = static_cast<const uint8_t*>(data);
  }
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

}  // namespace hone
