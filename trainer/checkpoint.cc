#include "trainer/checkpoint.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "data/append_file.h"
#include "model/hf_folder.h"
#include "nlohmann/json.hpp"
#include "trainer/shard_file.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 2;
constexpr char kManifest[] = "manifest.json";
constexpr char kIncomplete[] = ".incomplete";
constexpr absl::Duration kShardsDeadline = absl::Minutes(10);
constexpr absl::Duration kLook = absl::Milliseconds(20);
constexpr int64_t kCopyFloats = int64_t{4} << 20;

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
    if (absl::StartsWith(name, "step-") && !absl::EndsWith(name, kIncomplete)) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool IsKept(const nlohmann::json& manifest, const CheckpointSpec& spec) {
  const int64_t step = manifest.value("step", int64_t{0});
  return manifest.value("ends_stage", false) ||
         (spec.keep_every > 0 && step % spec.keep_every == 0);
}

void RemoveOld(const RunFolder& folder, const CheckpointSpec& spec) {
  const std::vector<std::string> paths = ListCheckpoints(folder);
  for (int64_t i = 0; i < std::ssize(paths) - spec.keep_last; ++i) {
    const auto manifest = ReadManifest(paths[i]);
    if (manifest.ok() && IsKept(*manifest, spec)) continue;
    std::error_code error;
    fs::remove_all(paths[i], error);
    if (error) LogWarning(absl::StrCat("cannot remove ", paths[i], ": ", error.message()));
  }
}

// The checks that make a checkpoint trustworthy, before anything of it is used.
Status CheckFiles(const std::string& path, const nlohmann::json& files) {
  for (const auto& [name, wanted] : files.items()) {
    HONE_ASSIGN_OR_RETURN(const std::string hash, Sha256OfFile(absl::StrCat(path, "/", name)));
    if (!wanted.is_string() || hash != wanted.get<std::string>()) {
      return absl::DataLossError(absl::StrCat(path, "/", name, " was altered or cut short"));
    }
  }
  return absl::OkStatus();
}

// A shard counts once its rank has written and hashed it.
Status WaitForShards(const std::string& partial, int num_shards) {
  const absl::Time deadline = RealClock()->Now() + kShardsDeadline;
  while (true) {
    std::vector<std::string> missing;
    for (int rank = 0; rank < num_shards; ++rank) {
      if (!HasShard(partial, rank)) missing.push_back(absl::StrCat(rank));
    }
    if (missing.empty()) return absl::OkStatus();
    if (RealClock()->Now() > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("no shard came from rank ", absl::StrJoin(missing, ", "), " within ",
                       absl::FormatDuration(kShardsDeadline), "; is ", partial,
                       " on a file system that all nodes share?"));
    }
    absl::SleepFor(kLook);
  }
}

// The shards' weights one after the other as the flat buffer, into a file.
Status JoinWeights(const CheckpointContext& context, const std::string& partial,
                   const std::string& path) {
  HONE_ASSIGN_OR_RETURN(const ShardFiles shards, ShardFiles::Open(partial, context.config));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<AppendFile> file, AppendFile::Open(path));
  const int64_t size = NumParameters(context.config);
  std::vector<float> values(std::min(kCopyFloats, size));
  for (int64_t begin = 0; begin < size; begin += kCopyFloats) {
    const auto part = absl::MakeSpan(values).subspan(0, std::min(kCopyFloats, size - begin));
    shards.Read("weights", begin, part);
    HONE_RETURN_IF_ERROR(
        file->Append({reinterpret_cast<const char*>(part.data()), part.size() * sizeof(float)}));
  }
  return absl::OkStatus();
}

// hf/, from the shards and through a mapped file: what is resident of it the system can take back.
Status WriteHfFolder(const CheckpointContext& context, const std::string& partial) {
  const std::string path = partial + "/weights.flat";
  const absl::Cleanup remove = [&] { unlink(path.c_str()); };
  HONE_RETURN_IF_ERROR(JoinWeights(context, partial, path));
  HONE_ASSIGN_OR_RETURN(const Weights weights, Weights::Map(context.config, path));
  const std::string hf = partial + "/hf";
  return context.origin != nullptr ? SaveHfFolder(hf, weights, *context.origin)
                                   : SaveHfFolder(hf, weights, context.tokenizer);
}

}  // namespace

StatusOr<std::string> BeginCheckpoint(const RunFolder& folder, int64_t step) {
  const std::string partial =
      absl::StrFormat("%s/step-%06d%s", folder.checkpoints(), step, kIncomplete);
  std::error_code error;
  fs::remove_all(partial, error);  // of an earlier try
  HONE_RETURN_IF_ERROR(MakeFolder(partial));
  return partial;
}

Status CompleteCheckpoint(const CheckpointContext& context, const std::string& partial,
                          int num_shards, const TrainingState& state, bool ends_stage) {
  HONE_RETURN_IF_ERROR(WaitForShards(partial, num_shards));
  HONE_RETURN_IF_ERROR(WriteHfFolder(context, partial));
  nlohmann::ordered_json manifest = {{"format", kFormat},
                                     {"experiment", context.experiment_hash},
                                     {"step", state.step},
                                     {"stage", state.stage},
                                     {"stage_step", state.stage_step},
                                     {"ends_stage", ends_stage},
                                     {"policy_version", state.policy_version},
                                     {"data_cursor", state.data_cursor},
                                     {"ranks", num_shards}};
  if (state.measured) {
    manifest["measured"] = {{"accuracy", state.measured->accuracy},
                            {"policy_version", state.measured->policy_version},
                            {"spec", state.measured->spec}};
  }
  for (const CarriedPrompt& prompt : state.carried) {
    manifest["carried"].push_back(
        {{"index", prompt.index}, {"issued_version", prompt.issued_version}});
  }
  nlohmann::ordered_json& files = manifest["files"];
  for (int rank = 0; rank < num_shards; ++rank) {
    HONE_ASSIGN_OR_RETURN(files[ShardFileName(rank)], TakeShardHash(partial, rank));
  }
  for (const auto& entry : fs::recursive_directory_iterator(partial)) {
    const std::string name = fs::relative(entry.path(), partial);
    if (!entry.is_regular_file() || files.contains(name)) continue;
    HONE_ASSIGN_OR_RETURN(files[name], Sha256OfFile(entry.path()));
  }
  HONE_RETURN_IF_ERROR(
      WriteFileAtomically(absl::StrCat(partial, "/", kManifest), manifest.dump(2) + "\n"));
  const std::string path(absl::StripSuffix(partial, kIncomplete));
  std::error_code error;
  fs::remove_all(path, error);  // of an earlier try, found broken
  fs::rename(partial, path, error);
  if (error) return FromErrno(error.value(), absl::StrCat("cannot rename to ", path));
  HONE_RETURN_IF_ERROR(SyncFolder(context.folder.checkpoints()));
  RemoveOld(context.folder, context.spec);
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
    if (manifest.contains("measured")) {
      const auto& measured = manifest.at("measured");
      state.measured = {measured.at("accuracy").get<double>(),
                        measured.at("policy_version").get<uint64_t>(),
                        measured.at("spec").get<std::string>()};
    }
    if (manifest.contains("carried")) {
      for (const auto& prompt : manifest.at("carried")) {
        state.carried.push_back(
            {prompt.at("index").get<int64_t>(), prompt.at("issued_version").get<uint64_t>()});
      }
    }
    HONE_RETURN_IF_ERROR(CheckFiles(path, manifest.at("files")));
  } catch (const nlohmann::json::exception& e) {
    return absl::DataLossError(absl::StrCat(path, "/", kManifest, ": ", e.what()));
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
