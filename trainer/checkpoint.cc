#include "trainer/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "model/hf_folder.h"
#include "model/safetensors.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr char kShard[] = "shard-0.safetensors";
constexpr char kManifest[] = "manifest.json";

NamedTensor Tensor(const char* name, const std::vector<float>& values) {
  return {name, DType::kF32, {static_cast<int64_t>(values.size())}, values.data()};
}

StatusOr<std::vector<float>> ReadTensor(const SafetensorsFile& file, const std::string& name) {
  const auto it = file.header().tensors.find(name);
  if (it == file.header().tensors.end() || it->second.dtype != DType::kF32) {
    return absl::DataLossError(absl::StrCat("no fp32 tensor ", name));
  }
  const absl::string_view bytes = file.Bytes(it->second);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

StatusOr<nlohmann::json> ReadManifest(const std::string& path) {
  HONE_ASSIGN_OR_RETURN(const std::string text, ReadFile(absl::StrCat(path, "/", kManifest)));
  auto manifest = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (manifest.is_discarded() || !manifest.is_object()) {
    return absl::DataLossError(absl::StrCat(path, "/", kManifest, " is not JSON"));
  }
  return manifest;
}

// Folders step-NNNNNN, oldest first.
std::vector<std::string> ListCheckpoints(const RunFolder& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder.checkpoints(), error)) {
    const std::string name = entry.path().filename();
    if (absl::StartsWith(name, "step-") && !absl::EndsWith(name, ".incomplete")) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void RemoveOld(const RunFolder& folder, const CheckpointSpec& spec) {
  const std::vector<std::string> paths = ListCheckpoints(folder);
  const int64_t old = static_cast<int64_t>(paths.size()) - spec.keep_last;
  for (int64_t i = 0; i < old; ++i) {
    const auto manifest = ReadManifest(paths[i]);
    if (manifest.ok() && manifest->value("ends_stage", false)) continue;
    std::error_code error;
    fs::remove_all(paths[i], error);
    if (error) LogWarning(absl::StrCat("cannot remove ", paths[i], ": ", error.message()));
  }
}

// The checks that make a checkpoint trustworthy, before anything of it is used.
Status CheckFiles(const std::string& path, const nlohmann::json& files) {
  for (const auto& [name, hash] : files.items()) {
    HONE_ASSIGN_OR_RETURN(const std::string content, ReadFile(absl::StrCat(path, "/", name)));
    if (!hash.is_string() || Sha256Hex(content) != hash.get<std::string>()) {
      return absl::DataLossError(absl::StrCat(path, "/", name, " was altered or cut short"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Status SaveCheckpoint(const RunFolder& folder, const CheckpointSpec& spec,
                      const std::string& experiment_hash, const TrainingState& state,
                      bool ends_stage, const Weights& weights, const Tokenizer& tokenizer,
                      const FolderOrigin* origin) {
  const std::string path = absl::StrFormat("%s/step-%06d", folder.checkpoints(), state.step);
  const std::string partial = path + ".incomplete";
  std::error_code error;
  fs::remove_all(partial, error);
  HONE_RETURN_IF_ERROR(MakeFolder(partial));
  const std::string hf = partial + "/hf";
  HONE_RETURN_IF_ERROR(origin != nullptr ? SaveHfFolder(hf, weights, *origin)
                                         : SaveHfFolder(hf, weights, tokenizer));
  std::vector<NamedTensor> tensors = {Tensor("weights", state.learner.weights),
                                      Tensor("first_moment", state.learner.first_moment),
                                      Tensor("second_moment", state.learner.second_moment)};
  if (!state.reference.empty()) tensors.push_back(Tensor("reference", state.reference));
  HONE_RETURN_IF_ERROR(WriteSafetensors(absl::StrCat(partial, "/", kShard), tensors, {}));

  nlohmann::ordered_json manifest = {{"format", kFormat},
                                     {"experiment", experiment_hash},
                                     {"step", state.step},
                                     {"stage", state.stage},
                                     {"stage_step", state.stage_step},
                                     {"ends_stage", ends_stage},
                                     {"policy_version", state.policy_version},
                                     {"data_cursor", state.data_cursor},
                                     {"optimizer_step", state.learner.optimizer_step},
                                     {"ranks", 1}};
  if (state.measured) {
    manifest["measured"] = {{"accuracy", state.measured->accuracy},
                            {"policy_version", state.measured->policy_version},
                            {"spec", state.measured->spec}};
  }
  for (const auto& entry : fs::recursive_directory_iterator(partial)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = fs::relative(entry.path(), partial);
    HONE_ASSIGN_OR_RETURN(const std::string content, ReadFile(entry.path()));
    manifest["files"][name] = Sha256Hex(content);
  }
  HONE_RETURN_IF_ERROR(
      WriteFileAtomically(absl::StrCat(partial, "/", kManifest), manifest.dump(2) + "\n"));
  fs::remove_all(path, error);  // of an earlier try, found broken
  fs::rename(partial, path, error);
  if (error) return FromErrno(error.value(), absl::StrCat("cannot rename to ", path));
  RemoveOld(folder, spec);
  return absl::OkStatus();
}

StatusOr<TrainingState> LoadCheckpoint(const std::string& path,
                                       const std::string& experiment_hash) {
  HONE_ASSIGN_OR_RETURN(const nlohmann::json manifest, ReadManifest(path));
  TrainingState state;
  try {
    if (manifest.at("format").get<int>() != kFormat) {
      return absl::DataLossError(absl::StrCat(path, " has another format version"));
    }
    if (manifest.at("experiment").get<std::string>() != experiment_hash) {
      return absl::FailedPreconditionError(absl::StrCat(path, " belongs to another experiment"));
    }
    state.step = manifest.at("step").get<int64_t>();
    state.stage = manifest.at("stage").get<int>();
    state.stage_step = manifest.at("stage_step").get<int64_t>();
    state.policy_version = manifest.at("policy_version").get<uint64_t>();
    state.data_cursor = manifest.at("data_cursor").get<int64_t>();
    state.learner.optimizer_step = manifest.at("optimizer_step").get<int64_t>();
    if (manifest.contains("measured")) {
      const auto& measured = manifest.at("measured");
      state.measured = {measured.at("accuracy").get<double>(),
                        measured.at("policy_version").get<uint64_t>(),
                        measured.at("spec").get<std::string>()};
    }
    HONE_RETURN_IF_ERROR(CheckFiles(path, manifest.at("files")));
  } catch (const nlohmann::json::exception& e) {
    return absl::DataLossError(absl::StrCat(path, "/", kManifest, ": ", e.what()));
  }
  HONE_ASSIGN_OR_RETURN(const SafetensorsFile shard,
                        SafetensorsFile::Open(absl::StrCat(path, "/", kShard)));
  HONE_ASSIGN_OR_RETURN(state.learner.weights, ReadTensor(shard, "weights"));
  HONE_ASSIGN_OR_RETURN(state.learner.first_moment, ReadTensor(shard, "first_moment"));
  HONE_ASSIGN_OR_RETURN(state.learner.second_moment, ReadTensor(shard, "second_moment"));
  if (shard.header().tensors.contains("reference")) {
    HONE_ASSIGN_OR_RETURN(state.reference, ReadTensor(shard, "reference"));
  }
  return state;
}

StatusOr<std::optional<FoundCheckpoint>> FindCheckpoint(const RunFolder& folder,
                                                        const std::string& experiment_hash) {
  std::vector<std::string> paths = ListCheckpoints(folder);
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    auto state = LoadCheckpoint(*path, experiment_hash);
    if (state.ok()) return FoundCheckpoint{*path, *std::move(state)};
    if (absl::IsFailedPrecondition(state.status())) return state.status();
    LogWarning(absl::StrCat("passing over a broken checkpoint: ", state.status().message()));
  }
  return std::nullopt;
}

}  // namespace hone
