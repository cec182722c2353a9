#include "cluster/collectives.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hone {

Pending& Pending::operator=(Pending&& other) noexcept {
  if (this != &other) {
    (void)Wait();
    operation_ = std::move(other.operation_);
  }
  return *this;
}

Pending::~Pending() { (void)Wait(); }

Status Pending::Wait() {
  if (operation_ == nullptr) return absl::OkStatus();
  return std::exchange(operation_, nullptr)->Wait();
}

Pending SingleRank::AllGather(absl::string_view, const float* shard, int64_t n, float* full) {
  if (shard != full) std::copy_n(shard, n, full);
  return {};
}

Pending SingleRank::ReduceScatterAdd(absl::string_view, const float* full, int64_t n, float* sum) {
  for (int64_t i = 0; i < n; ++i) sum[i] += full[i];
  return {};
}

// As a reduce-scatter and an all-gather over slices: each rank sends twice its values, however many
// ranks there are.
Status SumOverRanks(Collectives* collectives, absl::string_view what, float* values, int64_t n) {
  constexpr int64_t kSliceFloats = int64_t{1} << 20;
  const World world = collectives->world();
  if (world.size == 1) return absl::OkStatus();
  const int64_t part = std::min(kSliceFloats, (n + world.size - 1) / world.size);
  std::vector<float> slice(part * world.size), sum(part);
  for (int64_t begin = 0; begin < n; begin += part * world.size) {
    const int64_t count = std::min(part * world.size, n - begin);
    std::copy_n(values + begin, count, slice.begin());
    std::fill(slice.begin() + count, slice.end(), 0.0f);
    std::fill(sum.begin(), sum.end(), 0.0f);
    HONE_RETURN_IF_ERROR(
        collectives->ReduceScatterAdd(what, slice.data(), part, sum.data()).Wait());
    HONE_RETURN_IF_ERROR(collectives->AllGather(what, sum.data(), part, slice.data()).Wait());
    std::copy_n(slice.begin(), count, values + begin);
  }
  return absl::OkStatus();
}

Status BroadcastText(Collectives* collectives, absl::string_view what, int root,
                     std::string* text) {
  uint64_t size = text->size();
  HONE_RETURN_IF_ERROR(
      collectives->Broadcast(what, reinterpret_cast<char*>(&size), sizeof(size), root).Wait());
  text->resize(size);
  if (size == 0) return absl::OkStatus();
  return collectives->Broadcast(what, text->data(), static_cast<int64_t>(size), root).Wait();
}

StatusOr<std::vector<std::string>> AllGatherTexts(Collectives* collectives, absl::string_view what,
                                                  const std::string& text) {
  const World world = collectives->world();
  std::vector<std::string> texts(world.size);
  texts[world.rank] = text;
  for (int rank = 0; rank < world.size; ++rank) {
    HONE_RETURN_IF_ERROR(BroadcastText(collectives, what, rank, &texts[rank]));
  }
  return texts;
}

}  // namespace hone
