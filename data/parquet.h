// Parquet by way of Arrow: rows become lines of JSON, so that there is one way to read records.
#ifndef HONE_DATA_PARQUET_H_
#define HONE_DATA_PARQUET_H_

#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"

namespace hone {

// The named columns of each row as a line of JSON, in a temporary file (in $TMPDIR or /tmp) that
// has no name and goes with the map. Read one row group at a time. Columns that the file lacks are
// left out. Lists, structs and maps of strings become JSON's; dates and other types their text.
// InvalidArgument for a file that is not there or not Parquet. Unimplemented, with a way around,
// when this build has no Arrow.
StatusOr<MappedFile> ParquetAsJsonLines(const std::string& path,
                                        const std::vector<std::string>& columns);

}  // namespace hone

#endif  // HONE_DATA_PARQUET_H_
