// Files of one JSON value a line: read with the line's place in every message, written so that an
// unfinished file never has the final name.
#ifndef HONE_APP_JSONL_H_
#define HONE_APP_JSONL_H_

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace hone {

// Calls `visit` with the value of each line that is not blank and its place, "file:12". "-" is
// stdin. Stops at the first error. InvalidArgument for an absent file or a line that is not JSON.
Status ReadJsonl(
    const std::string& path,
    absl::FunctionRef<Status(const nlohmann::json& value, const std::string& where)> visit);

// InvalidArgument unless `value` is an object with none but these keys.
Status CheckKeys(const nlohmann::json& value, std::initializer_list<absl::string_view> keys,
                 const std::string& where);
// The string under `key`.
StatusOr<std::string> StringField(const nlohmann::json& object, const char* key,
                                  const std::string& where);
// An array of token ids.
StatusOr<std::vector<int32_t>> TokenIds(const nlohmann::json& value, const std::string& where);

// Appends "[1,2,3]".
void AppendTokenIds(const std::vector<int32_t>& tokens, std::string* out);
void AppendFloats(const std::vector<float>& values, std::string* out);

// A text file that grows line by line as `path`.incomplete and gets its name by Commit(). Without
// it nothing stays. "-" is stdout; what is not a regular file (/dev/null, a pipe) is written to
// directly.
class LineFile {
 public:
  static StatusOr<LineFile> Create(const std::string& path);
  LineFile(LineFile&& other) noexcept;
  LineFile& operator=(LineFile&&) = delete;
  ~LineFile();

  Status Write(absl::string_view line);  // adds the newline
  Status Commit();

 private:
  LineFile(std::string path, std::string partial, std::FILE* file)
      : path_(std::move(path)), partial_(std::move(partial)), file_(file) {}

  std::string path_;
  std::string partial_;  // empty: no renaming
  std::FILE* file_;
};

}  // namespace hone

#endif  // HONE_APP_JSONL_H_
