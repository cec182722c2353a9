#include "model/folder_path.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

bool IsInside(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

}  // namespace

StatusOr<std::string> PathInFolder(const std::string& folder, const std::string& name) {
  const auto refuse = [&](absl::string_view problem) {
    return absl::InvalidArgumentError(absl::StrCat(folder, ": the file \"", name, "\" ", problem));
  };
  const fs::path relative(name);
  if (name.empty() || name.find('\0') != std::string::npos || relative.is_absolute()) {
    return refuse("is not a relative path");
  }
  for (const fs::path& part : relative) {
    if (part == "..") return refuse("leaves the folder");
  }
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  const fs::path real = error ? fs::path() : fs::canonical(root / relative, error);
  if (error) {
    return FromErrno(error.value(), absl::StrCat("cannot open ", folder, "/", name));
  }
  const fs::path blobs = root.parent_path().filename() == "snapshots"
                             ? root.parent_path().parent_path() / "blobs"
                             : root;
  if (!IsInside(real, root) && !IsInside(real, blobs)) {
    return refuse("is a link out of the folder; copy the model with its links resolved (cp -rL)");
  }
  return (fs::path(folder) / relative).string();
}

}  // namespace hone
