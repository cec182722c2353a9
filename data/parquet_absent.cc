// Stands in for parquet.cc where Arrow is not installed.
#include "absl/strings/str_cat.h"
#include "data/parquet.h"

namespace hone {

StatusOr<MappedFile> ParquetAsJsonLines(const std::string& path,
                                        const std::vector<std::string>& columns) {
  return absl::UnimplementedError(absl::StrCat(
      path,
      ": this build reads no Parquet: run ./dev setup and build again, or make JSON lines of "
      "it: python3 -c 'import pandas; pandas.read_parquet(\"",
      path, "\").to_json(\"data.jsonl\", orient=\"records\", lines=True)'"));
}

}  // namespace hone
