#include "data/parquet.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "arrow/api.h"
#include "arrow/io/file.h"
#include "data/json_text.h"
#include "parquet/arrow/reader.h"
#include "parquet/file_reader.h"
#include "parquet/schema.h"

namespace hone {
namespace {

// Lines are written out in pieces of this size.
constexpr size_t kBufferBytes = size_t{1} << 20;

Status FromArrow(const std::string& path, const arrow::Status& status) {
  const std::string message = absl::StrCat(path, ": cannot be read as Parquet: ", status.message());
  return status.IsOutOfMemory() ? absl::ResourceExhaustedError(message)
                                : absl::InvalidArgumentError(message);
}

void AppendValue(const arrow::Array& array, int64_t i, std::string* out);

void AppendList(const arrow::Array& values, int64_t begin, int64_t end, std::string* out) {
  out->push_back('[');
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) out->push_back(',');
    AppendValue(values, i, out);
  }
  out->push_back(']');
}

void AppendStruct(const arrow::StructArray& array, int64_t i, std::string* out) {
  out->push_back('{');
  for (int field = 0; field < array.num_fields(); ++field) {
    if (field > 0) out->push_back(',');
    AppendJsonString(array.struct_type()->field(field)->name(), out);
    out->push_back(':');
    AppendValue(*array.field(field), i, out);
  }
  out->push_back('}');
}

// What Arrow itself would print, as a string: dates, decimals, bytes.
void AppendText(const arrow::Array& array, int64_t i, std::string* out) {
  const auto scalar = array.GetScalar(i);
  AppendJsonString(scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString(), out);
}

void AppendString(std::string_view text, std::string* out) {
  AppendJsonString(absl::string_view(text.data(), text.size()), out);
}

template <typename ArrayType>
const ArrayType& As(const arrow::Array& array) {
  return static_cast<const ArrayType&>(array);
}

void AppendNumber(const arrow::Array& array, int64_t i, std::string* out) {
  switch (array.type_id()) {
    case arrow::Type::FLOAT:
      return AppendJsonNumber(As<arrow::FloatArray>(array).Value(i), out);
    case arrow::Type::DOUBLE:
      return AppendJsonNumber(As<arrow::DoubleArray>(array).Value(i), out);
    default: {  // the integers print as JSON does
      const auto scalar = array.GetScalar(i);
      absl::StrAppend(out, scalar.ok() ? (*scalar)->ToString() : "null");
    }
  }
}

void AppendValue(const arrow::Array& array, int64_t i, std::string* out) {
  if (array.IsNull(i)) {
    out->append("null");
    return;
  }
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return AppendString(As<arrow::StringArray>(array).GetView(i), out);
    case arrow::Type::LARGE_STRING:
      return AppendString(As<arrow::LargeStringArray>(array).GetView(i), out);
    case arrow::Type::BOOL:
      out->append(As<arrow::BooleanArray>(array).Value(i) ? "true" : "false");
      return;
    case arrow::Type::STRUCT:
      return AppendStruct(As<arrow::StructArray>(array), i, out);
    case arrow::Type::LIST: {
      const auto& list = As<arrow::ListArray>(array);
      return AppendList(*list.values(), list.value_offset(i), list.value_offset(i + 1), out);
    }
    case arrow::Type::LARGE_LIST: {
      const auto& list = As<arrow::LargeListArray>(array);
      return AppendList(*list.values(), list.value_offset(i), list.value_offset(i + 1), out);
    }
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = As<arrow::DictionaryArray>(array);
      return AppendValue(*dictionary.dictionary(), dictionary.GetValueIndex(i), out);
    }
    default:
      if (arrow::is_integer(array.type_id()) || arrow::is_floating(array.type_id())) {
        return AppendNumber(array, i, out);
      }
      return AppendText(array, i, out);
  }
}

// A file without a name, so that it is gone when nobody holds it, whatever happens.
class SpoolFile {
 public:
  static StatusOr<SpoolFile> Create() {
    const char* folder = std::getenv("TMPDIR");
    std::string path = absl::StrCat(folder != nullptr ? folder : "/tmp", "/hone-XXXXXX");
    const int fd = mkostemp(path.data(), O_CLOEXEC);
    if (fd < 0) return FromErrno(errno, absl::StrCat("cannot write a temporary file, ", path));
    unlink(path.c_str());
    return SpoolFile(fd);
  }
  SpoolFile(SpoolFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  SpoolFile& operator=(SpoolFile&&) = delete;
  ~SpoolFile() {
    if (fd_ >= 0) close(fd_);
  }

  std::string* line() { return &buffer_; }
  Status Flush(size_t keep_below) {
    if (buffer_.size() < keep_below) return absl::OkStatus();
    for (size_t done = 0; done < buffer_.size();) {
      const ssize_t wrote = write(fd_, buffer_.data() + done, buffer_.size() - done);
      if (wrote < 0)
        return FromErrno(errno, "cannot write a temporary file; $TMPDIR names its folder");
      done += static_cast<size_t>(wrote);
    }
    buffer_.clear();
    return absl::OkStatus();
  }
  StatusOr<MappedFile> Map() const { return MappedFile::Open(absl::StrCat("/proc/self/fd/", fd_)); }

 private:
  explicit SpoolFile(int fd) : fd_(fd) {}
  int fd_;
  std::string buffer_;
};

Status WriteRows(const arrow::RecordBatch& batch, SpoolFile* out) {
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    std::string* line = out->line();
    line->push_back('{');
    for (int column = 0; column < batch.num_columns(); ++column) {
      if (column > 0) line->push_back(',');
      AppendJsonString(batch.column_name(column), line);
      line->push_back(':');
      AppendValue(*batch.column(column), row, line);
    }
    line->append("}\n");
    HONE_RETURN_IF_ERROR(out->Flush(kBufferBytes));
  }
  return absl::OkStatus();
}

// The leaves of the schema that belong to the named top-level columns.
std::vector<int> LeavesOf(const parquet::SchemaDescriptor& schema,
                          const std::vector<std::string>& columns) {
  std::vector<int> leaves;
  for (int i = 0; i < schema.num_columns(); ++i) {
    const std::string top = schema.GetColumnRoot(i)->name();
    if (std::find(columns.begin(), columns.end(), top) != columns.end()) leaves.push_back(i);
  }
  return leaves;
}

}  // namespace

StatusOr<MappedFile> ParquetAsJsonLines(const std::string& path,
                                        const std::vector<std::string>& columns) {
  const auto input = arrow::io::ReadableFile::Open(path);
  if (!input.ok()) return absl::InvalidArgumentError(input.status().message());
  auto reader = parquet::arrow::OpenFile(*input, arrow::default_memory_pool());
  if (!reader.ok()) return FromArrow(path, reader.status());
  (*reader)->set_use_threads(false);
  HONE_ASSIGN_OR_RETURN(SpoolFile spool, SpoolFile::Create());
  const std::vector<int> leaves =
      LeavesOf(*(*reader)->parquet_reader()->metadata()->schema(), columns);
  for (int group = 0; group < (*reader)->num_row_groups(); ++group) {
    const auto batches = (*reader)->GetRecordBatchReader({group}, leaves);
    if (!batches.ok()) return FromArrow(path, batches.status());
    while (true) {
      const auto batch = (*batches)->Next();
      if (!batch.ok()) return FromArrow(path, batch.status());
      if (*batch == nullptr) break;
      HONE_RETURN_IF_ERROR(WriteRows(**batch, &spool));
    }
  }
  HONE_RETURN_IF_ERROR(spool.Flush(0));
  return spool.Map();
}

}  // namespace hone
