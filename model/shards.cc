#include "model/shards.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "model/folder_path.h"
#include "model/json.h"

namespace hone {
namespace {

using nlohmann::json;

constexpr char kSingleFile[] = "model.safetensors";
constexpr char kIndexFile[] = "model.safetensors.index.json";

// Tensor name → path of its file.
StatusOr<std::map<std::string, std::string>> ReadIndex(const std::string& folder,
                                                       const std::string& index_path) {
  JsonLimits limits;
  limits.max_bytes = size_t{100} << 20;
  HONE_ASSIGN_OR_RETURN(const std::string text, ReadFile(index_path));
  HONE_ASSIGN_OR_RETURN(const json root, ParseJson(text, limits, index_path));
  if (!root.is_object() || !root.contains("weight_map") || !root["weight_map"].is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(index_path, ": no \"weight_map\" object"));
  }
  std::map<std::string, std::string> paths;
  for (const auto& [tensor, file] : root["weight_map"].items()) {
    if (!file.is_string()) {
      return absl::InvalidArgumentError(
          absl::StrCat(index_path, ": \"", tensor, "\" names no file"));
    }
    StatusOr<std::string> path = PathInFolder(folder, file.get<std::string>());
    if (!path.ok()) return Annotate(path.status(), index_path);
    paths[tensor] = *std::move(path);
  }
  return paths;
}

}  // namespace

StatusOr<Shards> Shards::Open(const std::string& folder) {
  Shards result;
  const std::string single = absl::StrCat(folder, "/", kSingleFile);
  if (FileExists(single)) {
    HONE_ASSIGN_OR_RETURN(const std::string path, PathInFolder(folder, kSingleFile));
    HONE_RETURN_IF_ERROR(result.Add(path));
    return result;
  }
  const std::string index_path = absl::StrCat(folder, "/", kIndexFile);
  if (!FileExists(index_path)) {
    return absl::NotFoundError(
        absl::StrCat(folder, " has neither ", kSingleFile, " nor ", kIndexFile));
  }
  HONE_ASSIGN_OR_RETURN(const auto index, ReadIndex(folder, index_path));
  std::set<std::string> paths;
  for (const auto& [tensor, path] : index) paths.insert(path);
  for (const std::string& path : paths) HONE_RETURN_IF_ERROR(result.Add(path));
  for (const auto& [tensor, path] : index) {
    const auto place = result.tensors_.find(tensor);
    if (place == result.tensors_.end() || place->second.path != path) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": no tensor \"", tensor, "\", which ", index_path, " places there"));
    }
  }
  for (const auto& [tensor, place] : result.tensors_) {
    if (index.count(tensor) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(place.path, ": the tensor \"", tensor, "\" is not in ", index_path));
    }
  }
  return result;
}

Status Shards::Add(const std::string& path) {
  HONE_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Open(path));
  metadata_.insert(file.header().metadata.begin(), file.header().metadata.end());
  // The views below stay valid when the file moves: they point into its mapping.
  for (const auto& [name, entry] : file.header().tensors) {
    const auto [known, is_new] = tensors_.emplace(name, Place{path, file.Bytes(entry), entry});
    if (!is_new) {
      return absl::InvalidArgumentError(
          absl::StrCat("the tensor \"", name, "\" is in ", known->second.path, " and in ", path));
    }
  }
  files_.push_back(std::move(file));
  return absl::OkStatus();
}

}  // namespace hone
