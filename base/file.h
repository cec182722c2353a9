// Whole-file helpers. Errors name the path.
#ifndef HONE_BASE_FILE_H_
#define HONE_BASE_FILE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

StatusOr<std::string> ReadFile(const std::string& path);

// Writes to `path`.incomplete, flushes to disk, renames: a reader sees the old or the new content,
// never a part, also after a crash or on a full disk.
Status WriteFileAtomically(const std::string& path, absl::string_view content);

// Creates the folder and its parents.
Status MakeFolder(const std::string& path);

// Flushes a folder's entries, so that a rename in it survives a crash.
Status SyncFolder(const std::string& path);

bool FileExists(const std::string& path);

// A file mapped read-only. Movable; unmapped when destroyed.
class MappedFile {
 public:
  static StatusOr<MappedFile> Open(const std::string& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace hone

#endif  // HONE_BASE_FILE_H_
