// The writing half of model/safetensors.h.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "model/safetensors.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

uint64_t NumBytes(const NamedTensor& tensor) {
  uint64_t bytes = SizeOf(tensor.dtype);
  for (const int64_t size : tensor.shape) bytes *= size;
  return bytes;
}

Status WriteAll(int fd, const char* data, uint64_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno(errno, absl::StrCat("cannot write ", path));
    data += n;
    size -= n;
  }
  return absl::OkStatus();
}

}  // namespace

std::string MakeSafetensorsHeader(absl::Span<const NamedTensor> tensors,
                                  const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const NamedTensor& tensor : tensors) {
    const uint64_t end = offset + NumBytes(tensor);
    auto& info = header[tensor.name];
    info["dtype"] = std::string(Name(tensor.dtype));
    info["shape"] = tensor.shape;
    info["data_offsets"] = {offset, end};
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

Status WriteSafetensors(const std::string& path, absl::Span<const NamedTensor> tensors,
                        const std::map<std::string, std::string>& metadata) {
  std::set<std::string> names;
  for (const NamedTensor& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": the tensor \"", tensor.name, "\" is given twice"));
    }
  }
  const std::string header = MakeSafetensorsHeader(tensors, metadata);
  const std::string partial = absl::StrCat(path, ".incomplete");
  const int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return FromErrno(errno, absl::StrCat("cannot write ", path));
  absl::Cleanup remove_partial = [&] { unlink(partial.c_str()); };
  {
    absl::Cleanup close_file = [&] { close(fd); };
    char length[8];
    for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(uint64_t{header.size()} >> (8 * i));
    HONE_RETURN_IF_ERROR(WriteAll(fd, length, sizeof(length), path));
    HONE_RETURN_IF_ERROR(WriteAll(fd, header.data(), header.size(), path));
    for (const NamedTensor& tensor : tensors) {
      HONE_RETURN_IF_ERROR(
          WriteAll(fd, static_cast<const char*>(tensor.data), NumBytes(tensor), path));
    }
    if (fsync(fd) != 0) return FromErrno(errno, absl::StrCat("cannot write ", path));
  }
  if (rename(partial.c_str(), path.c_str()) != 0) {
    return FromErrno(errno, absl::StrCat("cannot rename to ", path));
  }
  std::move(remove_partial).Cancel();
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return SyncFolder(parent.empty() ? "." : parent.string());
}

}  // namespace hone
