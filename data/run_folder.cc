#include "data/run_folder.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace hone {

Status CreateRunFolder(const RunFolder& folder) {
  for (const std::string& path : {folder.root, folder.tensorboard(), folder.rollouts(),
                                  folder.checkpoints(), folder.logs(), folder.prometheus()}) {
    HONE_RETURN_IF_ERROR(MakeFolder(path));
    // Folders that stand already may be another user's or on a read-only disk.
    if (access(path.c_str(), W_OK | X_OK) != 0) {
      return FromErrno(errno, absl::StrCat("cannot write into the run folder ", path));
    }
  }
  return absl::OkStatus();
}

}  // namespace hone
