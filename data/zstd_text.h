// Zstandard over whole texts; what the command line's `zstd -d` reads and writes.
#ifndef HONE_DATA_ZSTD_TEXT_H_
#define HONE_DATA_ZSTD_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

// One frame with a checksum.
StatusOr<std::string> ZstdCompress(absl::string_view text);

// DataLoss for what is not Zstandard, is cut short, or fails its checksum. Takes several frames.
StatusOr<std::string> ZstdDecompress(absl::string_view compressed);

}  // namespace hone

#endif  // HONE_DATA_ZSTD_TEXT_H_
