#include "cluster/collectives.h"

#include <algorithm>

namespace hone {

Status SingleRank::AllGather(const float* shard, int64_t n, float* full) {
  if (shard != full) std::copy_n(shard, n, full);
  return absl::OkStatus();
}

Status SingleRank::ReduceScatter(const float* full, int64_t n, float* shard) {
  if (shard != full) std::copy_n(full, n, shard);
  return absl::OkStatus();
}

}  // namespace hone
