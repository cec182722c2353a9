#include "app/jsonl.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "config/nearest.h"
#include "data/json_text.h"
#include "model/json.h"

namespace hone {
namespace {

constexpr JsonLimits kLineLimits{.max_bytes = size_t{64} << 20, .max_depth = 16};

Status Wrong(const std::string& where, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", message));
}

}  // namespace

Status ReadJsonl(
    const std::string& path,
    absl::FunctionRef<Status(const nlohmann::json& value, const std::string& where)> visit) {
  const std::string name = path == "-" ? "stdin" : path;
  StatusOr<std::string> text = ReadFile(path == "-" ? "/dev/stdin" : path);
  if (absl::IsNotFound(text.status())) return absl::InvalidArgumentError(text.status().message());
  if (!text.ok()) return text.status();
  int64_t number = 0;
  for (size_t begin = 0; begin < text->size();) {
    size_t end = text->find('\n', begin);
    if (end == std::string::npos) end = text->size();
    const absl::string_view line(text->data() + begin, end - begin);
    begin = end + 1;
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    const std::string where = absl::StrCat(name, ":", number);
    HONE_ASSIGN_OR_RETURN(const nlohmann::json value, ParseJson(line, kLineLimits, where));
    HONE_RETURN_IF_ERROR(visit(value, where));
  }
  return absl::OkStatus();
}

Status CheckKeys(const nlohmann::json& value, std::initializer_list<absl::string_view> keys,
                 const std::string& where) {
  if (!value.is_object()) return Wrong(where, "a JSON object is wanted, e.g. {\"prompt\": \"…\"}");
  for (const auto& [key, unused] : value.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const std::vector<std::string> known(keys.begin(), keys.end());
    return Wrong(where, absl::StrCat("unknown key \"", key, "\"", Suggestion(key, known)));
  }
  return absl::OkStatus();
}

StatusOr<std::string> StringField(const nlohmann::json& object, const char* key,
                                  const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end()) return Wrong(where, absl::StrCat("\"", key, "\" is missing"));
  if (!found->is_string()) return Wrong(where, absl::StrCat("\"", key, "\" must be a string"));
  return found->get<std::string>();
}

StatusOr<std::vector<int32_t>> TokenIds(const nlohmann::json& value, const std::string& where) {
  if (!value.is_array()) return Wrong(where, "token ids must be an array of integers");
  std::vector<int32_t> tokens;
  tokens.reserve(value.size());
  for (const nlohmann::json& element : value) {
    const bool negative = element.is_number() && element.get<double>() < 0;
    const bool fits = element.is_number_integer() && !negative &&
                      element.get<uint64_t>() <= std::numeric_limits<int32_t>::max();
    if (!fits) {
      return Wrong(where, absl::StrCat(element.dump(-1, ' ', true), " is not a token id"));
    }
    tokens.push_back(element.get<int32_t>());
  }
  return tokens;
}

void AppendTokenIds(const std::vector<int32_t>& tokens, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < tokens.size(); ++i) absl::StrAppend(out, i ? "," : "", tokens[i]);
  out->push_back(']');
}

void AppendFloats(const std::vector<float>& values, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out->push_back(',');
    AppendJsonNumber(values[i], out);
  }
  out->push_back(']');
}

StatusOr<LineFile> LineFile::Create(const std::string& path) {
  if (path == "-") return LineFile("stdout", "", stdout);
  std::error_code error;
  const bool direct =
      std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error);
  const std::string target = direct ? path : absl::StrCat(path, ".incomplete");
  std::FILE* file = std::fopen(target.c_str(), "we");
  if (file == nullptr) return FromErrno(errno, absl::StrCat("cannot write ", path));
  return LineFile(path, direct ? "" : target, file);
}

LineFile::LineFile(LineFile&& other) noexcept
    : path_(std::move(other.path_)),
      partial_(std::exchange(other.partial_, "")),
      file_(std::exchange(other.file_, nullptr)) {}

LineFile::~LineFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  if (!partial_.empty()) unlink(partial_.c_str());
}

Status LineFile::Write(absl::string_view line) {
  if (std::fwrite(line.data(), 1, line.size(), file_) != line.size() ||
      std::fputc('\n', file_) == EOF) {
    return FromErrno(errno, absl::StrCat("cannot write ", path_));
  }
  return absl::OkStatus();
}

Status LineFile::Commit() {
  if (std::fflush(file_) != 0) return FromErrno(errno, absl::StrCat("cannot write ", path_));
  if (partial_.empty()) return absl::OkStatus();
  if (fsync(fileno(file_)) != 0) return FromErrno(errno, absl::StrCat("cannot write ", path_));
  if (std::rename(partial_.c_str(), path_.c_str()) != 0) {
    return FromErrno(errno, absl::StrCat("cannot rename to ", path_));
  }
  partial_.clear();
  return absl::OkStatus();
}

}  // namespace hone
