#include "config/load.h"

#include <filesystem>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "config/checker.h"
#include "config/overrides.h"
#include "config/scalar.h"
#include "config/schema.h"
#include "config/shape.h"
#include "config/validate.h"
#include "config/validate_task.h"
#include "config/validate_verifier.h"
#include "config/yaml_tree.h"

namespace hone {
namespace {

// Fills the structs from a tree whose shape has been checked.
class Reader {
 public:
  explicit Reader(const YamlSource& source) : source_(source) {}

  template <typename T>
  Status Read(const YamlNode& node, const std::string& path, T* value) {
    if constexpr (kIsScalar<T>) {
      const Status status = ReadScalar(node, value);
      if (status.ok()) return status;
      return source_.Error(node.place, absl::StrCat(path, " ", status.message()));
    } else {
      Status status;
      auto read = [&](const char* key, auto& field, const char*) {
        const YamlNode* child = node.Find(key);
        if (child != nullptr && status.ok()) status = Read(*child, JoinPath(path, key), &field);
      };
      value->Fields(read);
      return status;
    }
  }

  template <typename T>
  Status Read(const YamlNode& node, const std::string& path, std::optional<T>* value) {
    value->reset();
    if (node.is_null()) return absl::OkStatus();
    return Read(node, path, &value->emplace());
  }

  template <typename T>
  Status Read(const YamlNode& node, const std::string& path, std::vector<T>* value) {
    value->clear();  // of its default
    for (size_t i = 0; i < node.items.size(); ++i) {
      HONE_RETURN_IF_ERROR(
          Read(node.items[i], JoinPath(path, absl::StrCat(i)), &value->emplace_back()));
    }
    return absl::OkStatus();
  }

 private:
  const YamlSource& source_;
};

// The node at a dotted path, null where the tree has none.
const YamlNode* FindPath(const YamlNode& root, absl::string_view path) {
  const YamlNode* node = &root;
  for (absl::string_view part : absl::StrSplit(path, '.')) {
    if (node->is_list()) {
      size_t index = 0;
      if (!absl::SimpleAtoi(part, &index) || index >= node->items.size()) return nullptr;
      node = &node->items[index];
    } else {
      node = node->Find(part);
    }
    if (node == nullptr) return nullptr;
  }
  return node;
}

// Where the value at a path was written; the file where it was not.
std::string WhereIs(const YamlNode& root, const YamlSource& source, absl::string_view path) {
  const YamlNode* node = FindPath(root, path);
  return node == nullptr ? source.name : source.Where(node->place);
}

template <typename T>
Status ReadTree(const Schema& schema, const YamlSource& source, YamlNode* root, T* value) {
  HONE_RETURN_IF_ERROR(ApplyOverrides(schema, source, root));
  HONE_RETURN_IF_ERROR(CheckShape(schema, source, "", root));
  return Reader(source).Read(*root, "", value);
}

// A stage that says nothing has the default task.
void DefaultSource(SourceSpec* source) {
  if (!source->task && !source->data) source->task.emplace();
}

}  // namespace

StatusOr<Experiment> LoadExperiment(const std::string& path,
                                    absl::Span<const std::string> overrides) {
  std::error_code unknown_size;  // e.g. of a pipe: then it is read to its end
  const auto size = std::filesystem::file_size(path, unknown_size);
  if (!unknown_size && size > kMaxYamlBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": larger than ", kMaxYamlBytes, " bytes; is it an experiment?"));
  }
  HONE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseExperiment(text, path, overrides);
}

StatusOr<Experiment> ParseExperiment(const std::string& text, const std::string& name,
                                     absl::Span<const std::string> overrides) {
  const YamlSource source{name, overrides};
  HONE_ASSIGN_OR_RETURN(YamlNode root, ParseYaml(text, source, -1));
  if (root.is_null()) {
    return source.Error(root.place, "empty; an experiment has at least a name, a model and stages");
  }
  Experiment experiment;
  HONE_RETURN_IF_ERROR(ReadTree(ExperimentSchema(), source, &root, &experiment));
  for (Stage& stage : experiment.stages) {
    if (stage.sft) DefaultSource(&stage.sft->source);
    if (stage.grpo) DefaultSource(&stage.grpo->source);
  }
  const auto where = [&](absl::string_view path) { return WhereIs(root, source, path); };
  HONE_RETURN_IF_ERROR(Validate(experiment, where));
  return experiment;
}

StatusOr<SourceSpec> ParseSource(const std::string& text, const std::string& name,
                                 absl::Span<const std::string> overrides) {
  const YamlSource source{name, overrides};
  HONE_ASSIGN_OR_RETURN(YamlNode root, ParseYaml(text, source, -1));
  SourceSpec spec;
  HONE_RETURN_IF_ERROR(ReadTree(SourceSchema(), source, &root, &spec));
  DefaultSource(&spec);
  const auto where = [&](absl::string_view path) { return WhereIs(root, source, path); };
  Checker check(where);
  CheckSource(check, "", spec, /*heldout_problems=*/1);
  HONE_RETURN_IF_ERROR(check.status());
  return spec;
}

StatusOr<AlgorithmSpec> ParseAlgorithm(const std::string& text, const std::string& name) {
  const YamlSource source{name, {}};
  HONE_ASSIGN_OR_RETURN(YamlNode root, ParseYaml(text, source, -1));
  HONE_RETURN_IF_ERROR(CheckShape(AlgorithmSchema(), source, "algorithm", &root));
  AlgorithmSpec algorithm;
  HONE_RETURN_IF_ERROR(Reader(source).Read(root, "algorithm", &algorithm));
  HONE_RETURN_IF_ERROR(ValidateAlgorithm(algorithm, [&](absl::string_view) { return name; }));
  return algorithm;
}

StatusOr<VerifierSpec> ParseVerifier(const std::string& text, const std::string& name) {
  const YamlSource source{name, {}};
  HONE_ASSIGN_OR_RETURN(YamlNode root, ParseYaml(text, source, -1));
  VerifierSpec verifier;
  HONE_RETURN_IF_ERROR(ReadTree(VerifierSchema(), source, &root, &verifier));
  const auto where = [&](absl::string_view) { return name; };  // the checker refers to it
  Checker check(where);
  CheckVerifier(check, "reward", verifier);
  HONE_RETURN_IF_ERROR(check.status());
  return verifier;
}

}  // namespace hone
