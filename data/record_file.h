// Records of a data file by position: lines of JSON, or rows of Parquet. The file is mapped and
// indexed by offsets (8 bytes a record), not held.
#ifndef HONE_DATA_RECORD_FILE_H_
#define HONE_DATA_RECORD_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace hone {

// Thread safety: const methods may be called from several threads.
class RecordFile {
 public:
  // `fields`: the top-level fields that will be looked at; of Parquet only these are read. Blank
  // lines are no records. InvalidArgument for a file that is not there, or of another kind than its
  // name's ending (.jsonl or .parquet) says.
  static StatusOr<RecordFile> Open(const std::string& path, const std::vector<std::string>& fields);

  int64_t size() const { return static_cast<int64_t>(begins_.size()); }
  // A JSON object. InvalidArgument, with the place, for a line that is none.
  StatusOr<nlohmann::json> Read(int64_t index) const;
  // "data.jsonl:12", or "data.parquet, row 12" from 1.
  std::string Place(int64_t index) const;

 private:
  RecordFile(std::string path, MappedFile lines, bool is_parquet);
  absl::string_view text() const;

  std::string path_;
  MappedFile lines_;  // JSON lines; of Parquet a copy that has no name and goes with the process
  bool is_parquet_;
  std::vector<uint64_t> begins_;  // offset of each record's line
};

}  // namespace hone

#endif  // HONE_DATA_RECORD_FILE_H_
