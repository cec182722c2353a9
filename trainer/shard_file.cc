#include "trainer/shard_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/hash.h"

namespace hone {
namespace {

NamedTensor Tensor(const char* name, const std::vector<float>& values) {
  return {name, DType::kF32, {static_cast<int64_t>(values.size())}, values.data()};
}

Status ReadNumber(const SafetensorsFile& file, const std::string& path, const char* name,
                  int64_t* number) {
  const auto& metadata = file.header().metadata;
  const auto it = metadata.find(name);
  if (it != metadata.end() && absl::SimpleAtoi(it->second, number)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, ": its metadata has no number \"", name, "\""));
}

// Every tensor is there, in fp32 and of the rank's size.
Status CheckTensors(const SafetensorsFile& file, const std::string& path, bool reference,
                    int64_t size) {
  std::vector<std::string> names = {"weights", "first_moment", "second_moment"};
  if (reference) names.emplace_back("reference");
  for (const std::string& name : names) {
    const auto it = file.header().tensors.find(name);
    if (it == file.header().tensors.end() || it->second.dtype != DType::kF32 ||
        it->second.shape != std::vector<int64_t>{size}) {
      return absl::DataLossError(absl::StrCat(path, ": no fp32 tensor \"", name, "\" of ", size,
                                              " numbers; is the checkpoint of another model?"));
    }
  }
  return absl::OkStatus();
}

// It comes after the shard, whole.
std::string HashPath(const std::string& folder, int rank) {
  return absl::StrCat(folder, "/", ShardFileName(rank), ".sha256");
}

}  // namespace

std::string ShardFileName(int rank) { return absl::StrCat("shard-", rank, ".safetensors"); }

Status WriteShardFile(const std::string& folder, World world, const Learner::ShardState& state,
                      const std::vector<float>* reference) {
  std::vector<NamedTensor> tensors = {Tensor("weights", state.weights),
                                      Tensor("first_moment", state.first_moment),
                                      Tensor("second_moment", state.second_moment)};
  if (reference != nullptr) tensors.push_back(Tensor("reference", *reference));
  const std::string path = absl::StrCat(folder, "/", ShardFileName(world.rank));
  HONE_RETURN_IF_ERROR(WriteSafetensors(path, tensors,
                                        {{"ranks", absl::StrCat(world.size)},
                                         {"optimizer_step", absl::StrCat(state.optimizer_step)}}));
  HONE_ASSIGN_OR_RETURN(const std::string hash, Sha256OfFile(path));
  return WriteFileAtomically(HashPath(folder, world.rank), hash);
}

bool HasShard(const std::string& folder, int rank) { return FileExists(HashPath(folder, rank)); }

StatusOr<std::string> TakeShardHash(const std::string& folder, int rank) {
  const std::string path = HashPath(folder, rank);
  HONE_ASSIGN_OR_RETURN(std::string hash, ReadFile(path));
  if (unlink(path.c_str()) != 0) return FromErrno(errno, absl::StrCat("cannot remove ", path));
  return hash;
}

StatusOr<ShardFiles> ShardFiles::Open(const std::string& folder, const ModelConfig& config) {
  ShardFiles shards;
  const std::vector<Unit> units = Units(config);
  int64_t ranks = 1;
  for (int rank = 0; rank < ranks; ++rank) {
    const std::string path = absl::StrCat(folder, "/", ShardFileName(rank));
    HONE_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Open(path));
    if (rank == 0) {
      HONE_RETURN_IF_ERROR(ReadNumber(file, path, "ranks", &ranks));
      HONE_RETURN_IF_ERROR(ReadNumber(file, path, "optimizer_step", &shards.optimizer_step_));
      shards.has_reference_ = file.header().tensors.contains("reference");
    }
    shards.ranges_.push_back(ShardRanges(units, {rank, static_cast<int>(ranks)}));
    int64_t size = 0;
    for (const WeightsRange& range : shards.ranges_.back()) size += range.count;
    HONE_RETURN_IF_ERROR(CheckTensors(file, path, shards.has_reference_, size));
    shards.files_.push_back(std::move(file));
  }
  return shards;
}

void ShardFiles::Read(const std::string& tensor, int64_t begin, absl::Span<float> out) const {
  const int64_t end = begin + std::ssize(out);
  for (size_t i = 0; i < files_.size(); ++i) {
    const absl::string_view bytes = files_[i].Bytes(files_[i].header().tensors.at(tensor));
    int64_t offset = 0;  // in the file's tensor
    for (const WeightsRange& range : ranges_[i]) {
      const int64_t from = std::max(begin, range.begin);
      const int64_t to = std::min(end, range.begin + range.count);
      if (from < to) {
        std::memcpy(out.data() + (from - begin),
                    bytes.data() + (offset + from - range.begin) * sizeof(float),
                    (to - from) * sizeof(float));
      }
      offset += range.count;
    }
  }
}

}  // namespace hone
