#include "model/folder_origin.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/log.h"
#include "model/float_bits.h"
#include "model/folder_path.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr uintmax_t kMaxFileBytes = uintmax_t{64} << 20;
constexpr char kTemplates[] = "additional_chat_templates";  // transformers reads it

// Weights in any format, and their indices: copies would be out of date.
bool HoldsWeights(absl::string_view name) {
  if (absl::EndsWith(name, ".index.json")) return true;
  for (const char* ending :
       {".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx", ".onnx_data",
        ".gguf", ".ggml", ".ot", ".npz", ".tflite", ".incomplete"}) {
    if (absl::EndsWith(name, ending)) return true;
  }
  return false;
}

// As config.json writes it.
const char* ConfigName(DType dtype) {
  if (dtype == DType::kBF16) return "bfloat16";
  return dtype == DType::kF16 ? "float16" : "float32";
}

Status ReadInto(const std::string& folder, const std::string& name,
                std::map<std::string, std::string>* files) {
  HONE_ASSIGN_OR_RETURN(const std::string path, PathInFolder(folder, name));
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return absl::OkStatus();
  if (fs::file_size(path, error) > kMaxFileBytes) {
    LogWarning(absl::StrCat(path, " is too large to be kept with the model (over 64 MiB)"));
    return absl::OkStatus();
  }
  HONE_ASSIGN_OR_RETURN((*files)[name], ReadFile(path));
  return absl::OkStatus();
}

// The entries of folder/below, "" for the folder itself, as paths in the folder.
StatusOr<std::vector<std::string>> Entries(const std::string& folder, const std::string& below) {
  std::vector<std::string> names;
  std::error_code error;
  const fs::path prefix(below);
  for (fs::directory_iterator it(folder / prefix, error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(prefix / it->path().filename());
  }
  if (error) return FromErrno(error.value(), absl::StrCat("cannot list ", folder, "/", below));
  return names;
}

}  // namespace

StatusOr<std::map<std::string, std::string>> ReadFolderFiles(const std::string& folder) {
  std::map<std::string, std::string> files;
  HONE_ASSIGN_OR_RETURN(std::vector<std::string> names, Entries(folder, ""));
  for (const std::string& name : names) {
    if (!HoldsWeights(name)) HONE_RETURN_IF_ERROR(ReadInto(folder, name, &files));
  }
  if (std::find(names.begin(), names.end(), kTemplates) == names.end()) return files;
  HONE_ASSIGN_OR_RETURN(names, Entries(folder, kTemplates));
  for (const std::string& name : names) HONE_RETURN_IF_ERROR(ReadInto(folder, name, &files));
  return files;
}

WeightsFormat FormatFor(const FolderOrigin& origin, const Weights& weights,
                        std::optional<DType> dtype) {
  WeightsFormat format = origin.format;
  // transformers refuses files whose metadata does not name the framework.
  format.metadata.emplace("format", "pt");
  for (size_t i = 0; i < format.dtypes.size(); ++i) {
    if (dtype) {
      format.dtypes[i] = *dtype;
    } else if (!IsExactAs(format.dtypes[i], weights.tensor(static_cast<int>(i)))) {
      format.dtypes[i] = DType::kF32;
    }
  }
  return format;
}

std::string ConfigFor(const FolderOrigin& origin, const Weights& weights,
                      const WeightsFormat& format, std::optional<DType> dtype) {
  const std::string& text = origin.files.at("config.json");
  ordered_json config = ordered_json::parse(text);
  bool changed = false;
  const auto set = [&](const char* field, const ordered_json& value) {
    if (config.contains(field) && config[field] == value) return;
    config[field] = value;
    changed = true;
  };
  if (dtype || format.dtypes != origin.format.dtypes) {
    const char* name = ConfigName(dtype.value_or(DType::kF32));
    const bool none = !config.contains("torch_dtype") && !config.contains("dtype");
    // transformers 4 reads the first, transformers 5 both.
    if (none || config.contains("torch_dtype")) set("torch_dtype", name);
    if (none || config.contains("dtype")) set("dtype", name);
  }
  const auto tied = config.find("tie_word_embeddings");
  if (tied != config.end() && *tied != weights.config().tie_word_embeddings) {
    set("tie_word_embeddings", weights.config().tie_word_embeddings);
  }
  return changed ? config.dump(2) + "\n" : text;
}

}  // namespace hone
