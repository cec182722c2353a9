#include "data/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace hone {

StatusOr<std::unique_ptr<AppendFile>> AppendFile::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return FromErrno(errno, absl::StrCat("cannot open ", path, " for writing"));
  struct stat info;
  if (fstat(fd, &info) != 0) {
    const Status status = FromErrno(errno, absl::StrCat("cannot stat ", path));
    close(fd);
    return status;
  }
  return std::unique_ptr<AppendFile>(new AppendFile(path, fd, info.st_size));
}

AppendFile::~AppendFile() { close(fd_); }

Status AppendFile::Append(absl::string_view record) {
  size_t done = 0;
  while (done < record.size()) {
    const ssize_t n = write(fd_, record.data() + done, record.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      Status status = FromErrno(errno, absl::StrCat("cannot append to ", path_));
      if (done > 0 && ftruncate(fd_, size_bytes_) != 0) {
        status = Annotate(status, absl::StrCat("a part of a record stays at byte ", size_bytes_));
      }
      return status;
    }
    done += n;
  }
  size_bytes_ += static_cast<int64_t>(record.size());
  return absl::OkStatus();
}

}  // namespace hone
