// What the coordinator knows of the published version: where its parts are. The weights themselves
// stay with the ranks (cluster/weights_publisher.h).
#ifndef HONE_TRAINER_COORDINATOR_PUBLISHED_WEIGHTS_H_
#define HONE_TRAINER_COORDINATOR_PUBLISHED_WEIGHTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/weights_source.h"
#include "model/config.h"
#include "proto/hone.pb.h"

namespace hone {

struct PublishedWeights {
  uint64_t version = 0;
  int vocab_size = 0;
  proto::WeightsManifest manifest;
};

// The header's metadata holds the model's config.json, so that a worker needs no model folder.
// InvalidArgument unless the sources are of this version and have every float of the model once.
StatusOr<PublishedWeights> DescribeWeights(uint64_t version, const ModelConfig& config,
                                           const std::vector<WeightsSource>& sources);

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_PUBLISHED_WEIGHTS_H_
