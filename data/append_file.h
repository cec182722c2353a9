// A file that grows record by record while others may read it.
// Thread safety: none.
#ifndef HONE_DATA_APPEND_FILE_H_
#define HONE_DATA_APPEND_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

class AppendFile {
 public:
  // Creates the file or continues it at its end.
  static StatusOr<std::unique_ptr<AppendFile>> Open(const std::string& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // Hands the record to the system: it outlives this process. On an error, such as a full disk,
  // nothing of it stays in the file.
  Status Append(absl::string_view record);

 private:
  AppendFile(std::string path, int fd, int64_t size_bytes)
      : path_(std::move(path)), fd_(fd), size_bytes_(size_bytes) {}

  const std::string path_;
  const int fd_;
  int64_t size_bytes_;
};

}  // namespace hone

#endif  // HONE_DATA_APPEND_FILE_H_
