// Where one rank's part of a published version of the weights can be read: see WeightsSource in
// proto/hone.proto, of which these records are the checked form.
#ifndef HONE_DATA_WEIGHTS_SOURCE_H_
#define HONE_DATA_WEIGHTS_SOURCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/status.h"
#include "data/weights_range.h"
#include "proto/hone.pb.h"

namespace hone {

struct WeightsSource {
  uint64_t policy_version = 0;
  uint64_t nonce = 0;
  std::string address = {};
  std::string host = {};
  int pid = 0;
  int fd = -1;
  std::vector<WeightsRange> ranges = {};  // none: the rank holds nothing

  int64_t num_bytes() const;
};

proto::WeightsSource ToProto(const WeightsSource& source);
// InvalidArgument says which field is wrong. That ranges meet no others is CheckTiling's matter.
StatusOr<WeightsSource> FromProto(const proto::WeightsSource& message);

// The message as bytes, for other ways than an RPC.
std::string EncodeSource(const WeightsSource& source);
// DataLoss for bytes that are no message; else as FromProto.
StatusOr<WeightsSource> DecodeSource(const std::string& bytes);

// InvalidArgument unless the ranges of all sources together cover [0, num_floats), every float
// once.
Status CheckTiling(absl::Span<const WeightsSource> sources, int64_t num_floats);

}  // namespace hone

#endif  // HONE_DATA_WEIGHTS_SOURCE_H_
