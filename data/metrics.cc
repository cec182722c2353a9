#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "data/append_file.h"
#include "data/json_text.h"
#include "data/run_folder.h"
#include "data/tensorboard.h"

namespace hone {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr absl::string_view kStep = "step";
constexpr absl::string_view kStage = "stage";
constexpr absl::string_view kPolicyVersion = "policy_version";

std::string FormatLine(const StepMetrics& metrics) {
  std::string line = absl::StrCat("{\"", kStep, "\":", metrics.step, ",\"", kStage, "\":");
  AppendJsonString(metrics.stage, &line);
  absl::StrAppend(&line, ",\"", kPolicyVersion, "\":", metrics.policy_version);
  for (const auto& [name, value] : metrics.values) {
    line += ',';
    AppendJsonString(name, &line);
    line += ':';
    AppendJsonNumber(value, &line);
  }
  line += "}\n";
  return line;
}

StatusOr<StepMetrics> ParseLine(absl::string_view line) {
  const OrderedJson object = OrderedJson::parse(line.begin(), line.end(), nullptr,
                                                /*allow_exceptions=*/false);
  if (!object.is_object()) return absl::DataLossError("is not a JSON object");
  StepMetrics metrics;
  int num_named = 0;
  for (const auto& [key, value] : object.items()) {
    if (key == kStep && value.is_number_integer()) {
      metrics.step = value.get<int64_t>();
      ++num_named;
    } else if (key == kStage && value.is_string()) {
      metrics.stage = value.get<std::string>();
      ++num_named;
    } else if (key == kPolicyVersion && value.is_number_unsigned()) {
      metrics.policy_version = value.get<uint64_t>();
      ++num_named;
    } else if (value.is_number()) {
      metrics.values.emplace_back(key, value.get<double>());
    } else if (value.is_null()) {
      metrics.values.emplace_back(key, std::numeric_limits<double>::quiet_NaN());
    } else {
      return absl::DataLossError(absl::StrCat("\"", key, "\" is not a number"));
    }
  }
  if (num_named != 3) {
    return absl::DataLossError("lacks step, stage or policy_version, or holds one of another type");
  }
  return metrics;
}

// A last line that does not read was cut by a crash and is left out; any other is an error.
StatusOr<std::vector<StepMetrics>> ParseMetrics(absl::string_view content, absl::string_view path) {
  std::vector<StepMetrics> all;
  for (int number = 1; !content.empty(); ++number) {
    const size_t end = content.find('\n');
    if (end == absl::string_view::npos) break;
    StatusOr<StepMetrics> metrics = ParseLine(content.substr(0, end));
    content.remove_prefix(end + 1);
    if (metrics.ok()) {
      all.push_back(*std::move(metrics));
    } else if (!content.empty()) {
      return Annotate(metrics.status(), absl::StrCat(path, " line ", number));
    }
  }
  return all;
}

Status CheckNames(const StepMetrics& metrics) {
  absl::flat_hash_set<absl::string_view> names = {kStep, kStage, kPolicyVersion};
  for (const auto& [name, value] : metrics.values) {
    if (!names.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("metrics of step ", metrics.step, ": \"", name, "\" stands twice"));
    }
  }
  return absl::OkStatus();
}

class FileMetricsWriter : public MetricsWriter {
 public:
  FileMetricsWriter(std::unique_ptr<AppendFile> file,
                    std::unique_ptr<TensorBoardWriter> tensorboard)
      : file_(std::move(file)), tensorboard_(std::move(tensorboard)) {}

  Status Write(const StepMetrics& metrics) override {
    HONE_RETURN_IF_ERROR(CheckNames(metrics));
    HONE_RETURN_IF_ERROR(file_->Append(FormatLine(metrics)));
    return WriteCurves(metrics);
  }

  Status WriteCurves(const StepMetrics& metrics) {
    return tensorboard_->Write(absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()), metrics.step,
                               metrics.values);
  }

 private:
  std::unique_ptr<AppendFile> file_;
  std::unique_ptr<TensorBoardWriter> tensorboard_;
};

}  // namespace

StatusOr<std::vector<StepMetrics>> ReadMetrics(const std::string& path) {
  HONE_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  return ParseMetrics(content, path);
}

StatusOr<std::unique_ptr<MetricsWriter>> MetricsWriter::Open(const RunFolder& folder,
                                                             int64_t resume_step) {
  std::vector<StepMetrics> kept;
  if (FileExists(folder.metrics())) {
    HONE_ASSIGN_OR_RETURN(kept, ReadMetrics(folder.metrics()));
    std::erase_if(kept, [&](const StepMetrics& m) { return m.step > resume_step; });
    std::string content;
    for (const StepMetrics& metrics : kept) content += FormatLine(metrics);
    HONE_RETURN_IF_ERROR(WriteFileAtomically(folder.metrics(), content));
  }
  HONE_ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> file, AppendFile::Open(folder.metrics()));
  HONE_ASSIGN_OR_RETURN(std::unique_ptr<TensorBoardWriter> tensorboard,
                        TensorBoardWriter::Create(folder.tensorboard()));
  auto writer = std::make_unique<FileMetricsWriter>(std::move(file), std::move(tensorboard));
  for (const StepMetrics& metrics : kept) HONE_RETURN_IF_ERROR(writer->WriteCurves(metrics));
  return writer;
}

}  // namespace hone
