// One rank's part of one version of the weights, in memory that the processes of this host share: a
// memfd, so that nothing is left behind however the rank ends, sealed once it is filled, so that
// nobody can change or shorten what others read. WeightsSource in proto/hone.proto has its layout.
// Thread safety: immutable, so any.
#ifndef HONE_CLUSTER_WEIGHTS_SEGMENT_H_
#define HONE_CLUSTER_WEIGHTS_SEGMENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "data/weights_range.h"
#include "data/weights_source.h"

namespace hone {

// What `host` of a WeightsSource must be for its process and descriptor to mean anything here: the
// boot, the host's name and the namespace of process ids.
const std::string& ThisHost();

class WeightsSegment {
 public:
  // Copies the shards (none of them empty), in their order. Errors when there is no memory for
  // them.
  static StatusOr<std::shared_ptr<const WeightsSegment>> Create(
      uint64_t policy_version, absl::Span<const WeightsShard> shards);
  ~WeightsSegment();

  // All but the address.
  const WeightsSource& source() const { return source_; }
  // The floats of the ranges, one after the other.
  absl::string_view bytes() const;

 private:
  WeightsSegment() = default;
  Status Fill(absl::Span<const WeightsShard> shards);

  WeightsSource source_;
  const char* mapping_ = nullptr;  // header included
  int64_t mapping_bytes_ = 0;
};

// A segment of another process, or of this one, opened by what a source says of it. Movable.
class SharedWeights {
 public:
  // NotFound when the segment is not there: let go of, or its process is gone. FailedPrecondition
  // when this process may not look, or finds something else.
  static StatusOr<SharedWeights> Open(const WeightsSource& source);
  SharedWeights(SharedWeights&& other) noexcept;
  SharedWeights& operator=(SharedWeights&& other) noexcept;
  ~SharedWeights();

  // out = the bytes from `begin_byte` on of those of the ranges.
  Status Read(int64_t begin_byte, absl::Span<char> out) const;

 private:
  SharedWeights() = default;
  Status Check(const WeightsSource& source) const;

  int fd_ = -1;
};

}  // namespace hone

#endif  // HONE_CLUSTER_WEIGHTS_SEGMENT_H_
