#include "app/loss_batch.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "app/jsonl.h"
#include "config/load.h"
#include "data/json_text.h"
#include "trainer/algorithm/recorded_batch.h"

namespace hone {
namespace {

using Json = nlohmann::json;

// Reads the fields of one input.
class Reader {
 public:
  Reader(const Json& input, const std::string& where) : input_(input), where_(where) {}

  StatusOr<RecordedBatch> Read() {
    HONE_RETURN_IF_ERROR(CheckKeys(input_,
                                   {"algorithm", "rewards", "groups", "logprobs", "old_logprobs",
                                    "mask", "ref_logprobs", "rollout_logprobs", "entropies"},
                                   where_));
    HONE_ASSIGN_OR_RETURN(const Json* algorithm, Find("algorithm"));
    HONE_ASSIGN_OR_RETURN(batch_.algorithm,
                          ParseAlgorithm(algorithm->dump(1), where_ + ": algorithm"));
    HONE_RETURN_IF_ERROR(ReadRewards());
    HONE_RETURN_IF_ERROR(ReadGroups());
    HONE_RETURN_IF_ERROR(ReadMask());
    HONE_RETURN_IF_ERROR(ReadRows("logprobs", &batch_.logprobs));
    HONE_RETURN_IF_ERROR(ReadRows("old_logprobs", &batch_.old_logprobs));
    const AlgorithmSpec& spec = batch_.algorithm;
    HONE_RETURN_IF_ERROR(ReadIfAny("ref_logprobs", spec.kl_coefficient != 0,
                                   "kl_coefficient is not 0", &batch_.ref_logprobs));
    HONE_RETURN_IF_ERROR(ReadIfAny("rollout_logprobs", spec.correction != "none",
                                   "correction is not none", &batch_.rollout_logprobs));
    HONE_RETURN_IF_ERROR(ReadIfAny("entropies", spec.entropy_coefficient != 0,
                                   "entropy_coefficient is not 0", &batch_.entropies));
    return std::move(batch_);
  }

 private:
  Status Wrong(absl::string_view message) const {
    return absl::InvalidArgumentError(absl::StrCat(where_, ": ", message));
  }

  Status Wrong(const std::string& place, absl::string_view wanted, const Json& found) const {
    std::string text = found.dump(-1, ' ', true);
    if (text.size() > 40) text = text.substr(0, 40) + "…";
    return Wrong(absl::StrCat(place, " must be ", wanted, ", found ", text));
  }

  StatusOr<const Json*> Find(const char* field) const {
    const auto found = input_.find(field);
    if (found == input_.end()) return Wrong(absl::StrCat("\"", field, "\" is missing"));
    return &*found;
  }

  // The array of a field, of `size` entries.
  StatusOr<const Json*> FindArray(const char* field, size_t size) const {
    HONE_ASSIGN_OR_RETURN(const Json* array, Find(field));
    if (!array->is_array()) return Wrong(field, "an array", *array);
    if (array->size() == size) return array;
    return Wrong(absl::StrCat(field, " has ", array->size(), " entries, but rewards has ", size));
  }

  Status ReadRewards() {
    HONE_ASSIGN_OR_RETURN(const Json* array, Find("rewards"));
    if (!array->is_array() || array->empty()) {
      return Wrong("rewards", "an array with a number for each sample", *array);
    }
    for (const Json& value : *array) {
      if (!value.is_number()) {
        return Wrong(absl::StrCat("rewards[", batch_.rewards.size(), "]"), "a number", value);
      }
      batch_.rewards.push_back(value.get<double>());
    }
    return absl::OkStatus();
  }

  Status ReadGroups() {
    HONE_ASSIGN_OR_RETURN(const Json* array, FindArray("groups", batch_.rewards.size()));
    std::map<Json, int64_t> numbers;
    for (const Json& value : *array) {
      if (!value.is_number_integer() && !value.is_string()) {
        return Wrong(absl::StrCat("groups[", batch_.groups.size(), "]"), "an integer or a string",
                     value);
      }
      const auto found = numbers.emplace(value, static_cast<int64_t>(numbers.size())).first;
      batch_.groups.push_back(found->second);
    }
    return absl::OkStatus();
  }

  Status ReadMask() {
    HONE_ASSIGN_OR_RETURN(const Json* rows, FindArray("mask", batch_.rewards.size()));
    for (const Json& row : *rows) {
      const std::string place = absl::StrCat("mask[", batch_.mask.size(), "]");
      if (!row.is_array()) return Wrong(place, "an array of 0 and 1", row);
      std::vector<bool>& mask = batch_.mask.emplace_back();
      for (const Json& value : row) {
        if (value != 0 && value != 1 && !value.is_boolean()) {
          return Wrong(absl::StrCat(place, "[", mask.size(), "]"), "0 or 1", value);
        }
        mask.push_back(value == 1 || value == true);
      }
    }
    return absl::OkStatus();
  }

  Status ReadRows(const char* field, Rows* rows) const {
    HONE_ASSIGN_OR_RETURN(const Json* array, FindArray(field, batch_.rewards.size()));
    for (const Json& row : *array) {
      const std::string place = absl::StrCat(field, "[", rows->size(), "]");
      if (!row.is_array()) return Wrong(place, "an array of numbers", row);
      const size_t size = batch_.mask[rows->size()].size();
      if (row.size() != size) {
        return Wrong(absl::StrCat(place, " has ", row.size(), " entries, but mask[", rows->size(),
                                  "] has ", size));
      }
      std::vector<double>& values = rows->emplace_back();
      for (const Json& value : row) {
        if (!value.is_number()) {
          return Wrong(absl::StrCat(place, "[", values.size(), "]"), "a number", value);
        }
        values.push_back(value.get<double>());
      }
    }
    return absl::OkStatus();
  }

  Status ReadIfAny(const char* field, bool needed, absl::string_view reason, Rows* rows) const {
    if (input_.contains(field)) return ReadRows(field, rows);
    if (!needed) return absl::OkStatus();
    return Wrong(absl::StrCat("\"", field, "\" is missing: ", reason));
  }

  const Json& input_;
  const std::string& where_;
  RecordedBatch batch_;
};

void AppendRow(const std::vector<double>& values, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out->push_back(',');
    AppendJsonNumber(values[i], out);
  }
  out->push_back(']');
}

void AppendRows(const Rows& rows, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) out->push_back(',');
    AppendRow(rows[i], out);
  }
  out->push_back(']');
}

// JSON has no infinity, and nobody wants one.
Status CheckFinite(const LossReport& report, const std::string& where) {
  const absl::string_view advice = " is not finite; are the log-probs right? (log_ratio_limit)";
  for (size_t i = 0; i < report.gradient.size(); ++i) {
    for (size_t t = 0; t < report.gradient[i].size(); ++t) {
      if (std::isfinite(report.gradient[i][t])) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": the gradient of logprobs[", i, "][", t, "]", advice));
    }
  }
  if (std::isfinite(report.loss)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(where, ": the loss", advice));
}

}  // namespace

StatusOr<std::string> EvaluateLossBatch(const nlohmann::json& input, const std::string& where) {
  HONE_ASSIGN_OR_RETURN(const RecordedBatch batch, Reader(input, where).Read());
  const LossReport report = Evaluate(batch);
  HONE_RETURN_IF_ERROR(CheckFinite(report, where));
  std::string out = "{\"loss\":";
  AppendJsonNumber(report.loss, &out);
  out += ",\"advantages\":";
  AppendRow(report.advantages, &out);
  out += ",\"gradient\":";
  AppendRows(report.gradient, &out);
  if (!report.entropy_gradient.empty()) {
    out += ",\"entropy_gradient\":";
    AppendRows(report.entropy_gradient, &out);
  }
  out += ",\"metrics\":{";
  for (const auto& [name, value] : report.metrics) {
    absl::StrAppend(&out, out.back() == '{' ? "" : ",", "\"", name, "\":");
    AppendJsonNumber(value, &out);
  }
  return out + "}}";
}

}  // namespace hone
