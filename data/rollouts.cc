#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "data/json_text.h"
#include "data/run_folder.h"
#include "data/zstd_text.h"

namespace hone {
namespace {

using Json = nlohmann::json;

constexpr absl::string_view kFilePrefix = "step-";
constexpr absl::string_view kFileSuffix = ".jsonl.zst";

void AppendText(absl::string_view key, absl::string_view text, std::string* out) {
  absl::StrAppend(out, ",\"", key, "\":");
  AppendJsonString(text, out);
}

template <typename Number>
void AppendNumbers(absl::string_view key, const std::vector<Number>& numbers, std::string* out) {
  absl::StrAppend(out, ",\"", key, "\":[");
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) *out += ',';
    AppendJsonNumber(numbers[i], out);
  }
  *out += ']';
}

void AppendRecord(const RolloutRecord& record, std::string* out) {
  absl::StrAppend(out, "{\"step\":", record.step);
  AppendText("split", record.split, out);
  absl::StrAppend(out, ",\"policy_version\":", record.policy_version,
                  ",\"prompt_id\":", record.prompt_id, ",\"sample_index\":", record.sample_index);
  AppendText("prompt", record.prompt, out);
  AppendText("answer", record.answer, out);
  AppendText("completion", record.completion, out);
  absl::StrAppend(out, ",\"tokens\":[", absl::StrJoin(record.tokens, ","), "]");
  AppendNumbers("logprobs", record.logprobs, out);
  if (!record.versions.empty()) {
    const auto append = [](std::string* to, const VersionSpan& span) {
      absl::StrAppend(to, "[", span.version, ",", span.tokens, "]");
    };
    absl::StrAppend(out, ",\"versions\":[", absl::StrJoin(record.versions, ",", append), "]");
  }
  AppendText("finish_reason", record.finish_reason, out);
  AppendText("outcome", record.outcome, out);
  *out += ",\"reward\":";
  AppendJsonNumber(record.reward, out);
  AppendNumbers("components", record.components, out);
  AppendText("detail", record.detail, out);
  *out += "}\n";
}

// Throws as nlohmann does when it is neither a number nor the null of a value that is not finite.
template <typename Number>
Number ToNumber(const Json& value) {
  return value.is_null() ? std::numeric_limits<Number>::quiet_NaN() : value.get<Number>();
}

template <typename Number>
std::vector<Number> ToNumbers(const Json& array) {
  std::vector<Number> numbers;
  for (const Json& value : array) numbers.push_back(ToNumber<Number>(value));
  return numbers;
}

StatusOr<RolloutRecord> ParseRecord(absl::string_view line) {
  try {
    const Json object = Json::parse(line.begin(), line.end());
    RolloutRecord record;
    object.at("step").get_to(record.step);
    object.at("split").get_to(record.split);
    object.at("policy_version").get_to(record.policy_version);
    object.at("prompt_id").get_to(record.prompt_id);
    object.at("sample_index").get_to(record.sample_index);
    object.at("prompt").get_to(record.prompt);
    object.at("answer").get_to(record.answer);
    object.at("completion").get_to(record.completion);
    object.at("tokens").get_to(record.tokens);
    record.logprobs = ToNumbers<float>(object.at("logprobs"));
    if (object.contains("versions")) {
      for (const Json& span : object.at("versions")) {
        record.versions.push_back({span.at(0).get<uint64_t>(), span.at(1).get<int64_t>()});
      }
    }
    object.at("finish_reason").get_to(record.finish_reason);
    object.at("outcome").get_to(record.outcome);
    record.reward = ToNumber<double>(object.at("reward"));
    record.components = ToNumbers<double>(object.at("components"));
    object.at("detail").get_to(record.detail);
    return record;
  } catch (const Json::exception& error) {
    return absl::DataLossError(error.what());
  }
}

struct RolloutFile {
  int64_t step;
  std::string split;
  std::string path;
};

// Nothing for files of another name, such as the incomplete ones that a crash leaves.
std::optional<RolloutFile> ParseFileName(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  absl::string_view middle = name;  // NNNNNN.SPLIT
  if (!absl::ConsumePrefix(&middle, kFilePrefix) || !absl::ConsumeSuffix(&middle, kFileSuffix)) {
    return std::nullopt;
  }
  const size_t dot = middle.find('.');
  int64_t step;
  if (dot == absl::string_view::npos || !absl::SimpleAtoi(middle.substr(0, dot), &step)) {
    return std::nullopt;
  }
  return RolloutFile{step, std::string(middle.substr(dot + 1)), path.string()};
}

StatusOr<std::vector<RolloutFile>> ListFiles(const RunFolder& folder) {
  std::vector<RolloutFile> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder.rollouts(), error), end; !error && it != end;
       it.increment(error)) {
    if (std::optional<RolloutFile> file = ParseFileName(it->path())) {
      files.push_back(*std::move(file));
    }
  }
  if (error) return FromErrno(error.value(), absl::StrCat("cannot list ", folder.rollouts()));
  std::sort(files.begin(), files.end(), [](const RolloutFile& a, const RolloutFile& b) {
    return std::tie(a.step, a.split) < std::tie(b.step, b.split);
  });
  return files;
}

}  // namespace

Status WriteRollouts(const RunFolder& folder, int64_t step, const std::string& split,
                     absl::Span<const RolloutRecord> records) {
  if (split.empty() || split.find_first_of("./") != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", split, "\" cannot be a split: it is a part of a file name"));
  }
  std::string text;
  for (const RolloutRecord& record : records) AppendRecord(record, &text);
  HONE_ASSIGN_OR_RETURN(const std::string compressed, ZstdCompress(text));
  return WriteFileAtomically(
      absl::StrFormat("%s/%s%06d.%s%s", folder.rollouts(), kFilePrefix, step, split, kFileSuffix),
      compressed);
}

StatusOr<std::vector<RolloutRecord>> ReadRollouts(const std::string& path) {
  HONE_ASSIGN_OR_RETURN(const std::string compressed, ReadFile(path));
  const StatusOr<std::string> text = ZstdDecompress(compressed);
  if (!text.ok()) return Annotate(text.status(), path);
  std::vector<RolloutRecord> records;
  for (absl::string_view rest = *text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    StatusOr<RolloutRecord> record = ParseRecord(rest.substr(0, end));
    if (!record.ok()) {
      return Annotate(record.status(), absl::StrCat(path, " line ", records.size() + 1));
    }
    records.push_back(*std::move(record));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return records;
}

StatusOr<std::vector<std::string>> ListRollouts(const RunFolder& folder) {
  HONE_ASSIGN_OR_RETURN(const std::vector<RolloutFile> files, ListFiles(folder));
  std::vector<std::string> paths;
  for (const RolloutFile& file : files) paths.push_back(file.path);
  return paths;
}

Status DropRolloutsAfter(const RunFolder& folder, int64_t step) {
  HONE_ASSIGN_OR_RETURN(const std::vector<RolloutFile> files, ListFiles(folder));
  for (const RolloutFile& file : files) {
    if (file.step <= step) continue;
    std::error_code error;
    std::filesystem::remove(file.path, error);
    if (error) return FromErrno(error.value(), absl::StrCat("cannot remove ", file.path));
  }
  return absl::OkStatus();
}

}  // namespace hone
