#include "data/record_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/parquet.h"

namespace hone {
namespace {

// The line that begins at `begin`, without its end.
absl::string_view LineAt(absl::string_view text, uint64_t begin) {
  const absl::string_view rest = text.substr(begin);
  return rest.substr(0, rest.find('\n'));
}

}  // namespace

StatusOr<RecordFile> RecordFile::Open(const std::string& path,
                                      const std::vector<std::string>& fields) {
  if (absl::EndsWith(path, ".parquet")) {
    HONE_ASSIGN_OR_RETURN(MappedFile lines, ParquetAsJsonLines(path, fields));
    return RecordFile(path, std::move(lines), /*is_parquet=*/true);
  }
  if (!absl::EndsWith(path, ".jsonl")) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": a data file is JSON lines (.jsonl) or Parquet (.parquet)"));
  }
  StatusOr<MappedFile> lines = MappedFile::Open(path);
  if (absl::IsNotFound(lines.status())) {
    return absl::InvalidArgumentError(lines.status().message());
  }
  if (!lines.ok()) return lines.status();
  return RecordFile(path, *std::move(lines), /*is_parquet=*/false);
}

RecordFile::RecordFile(std::string path, MappedFile lines, bool is_parquet)
    : path_(std::move(path)), lines_(std::move(lines)), is_parquet_(is_parquet) {
  for (uint64_t begin = 0; begin < text().size();) {
    const absl::string_view line = LineAt(text(), begin);
    if (!absl::StripAsciiWhitespace(line).empty()) begins_.push_back(begin);
    begin += line.size() + 1;
  }
}

absl::string_view RecordFile::text() const {
  return {reinterpret_cast<const char*>(lines_.data()), lines_.size()};
}

StatusOr<nlohmann::json> RecordFile::Read(int64_t index) const {
  const absl::string_view line = LineAt(text(), begins_[index]);
  nlohmann::json record = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
  if (record.is_object()) return record;
  return absl::InvalidArgumentError(
      absl::StrCat(Place(index), record.is_discarded() ? ": not JSON" : ": not a JSON object",
                   "; a record is a line such as {\"prompt\": \"…\", \"answer\": \"…\"}"));
}

std::string RecordFile::Place(int64_t index) const {
  if (is_parquet_) return absl::StrCat(path_, ", row ", index + 1);
  const absl::string_view before = text().substr(0, begins_[index]);
  return absl::StrCat(path_, ":", std::count(before.begin(), before.end(), '\n') + 1);
}

}  // namespace hone
