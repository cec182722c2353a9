// Scalars for TensorBoard: a file of records, each an Event protobuf between checksums
// (tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto).
// Thread safety: none.
#ifndef HONE_DATA_TENSORBOARD_H_
#define HONE_DATA_TENSORBOARD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "data/append_file.h"

namespace hone {

class TensorBoardWriter {
 public:
  // Removes the event files of `folder` and starts a new one: TensorBoard shows the events of all
  // files together, so a run that goes back to a checkpoint must write its past anew.
  static StatusOr<std::unique_ptr<TensorBoardWriter>> Create(const std::string& folder);

  // Adds one point to the curve of each tag. Values that are not finite are left out: a gap.
  Status Write(double unix_seconds, int64_t step,
               absl::Span<const std::pair<std::string, double>> values);

 private:
  explicit TensorBoardWriter(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}

  std::unique_ptr<AppendFile> file_;
};

// A record as it stands in an event file: length, masked CRC-32C of the length, data, masked
// CRC-32C of the data. Integers are little-endian.
std::string EncodeEventRecord(absl::string_view data);

}  // namespace hone

#endif  // HONE_DATA_TENSORBOARD_H_
