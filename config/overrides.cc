#include "config/overrides.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "config/shape.h"

namespace hone {
namespace {

// Walks one override's path down the tree and the schema together.
class Descent {
 public:
  Descent(const Schema& schema, const YamlSource& source, const YamlPlace& place, YamlNode* root)
      : schema_(&schema), source_(source), place_(place), node_(root) {}

  Status Step(absl::string_view part) {
    HONE_RETURN_IF_ERROR(ExpandBareName(*schema_, source_, path_, node_));
    switch (schema_->kind) {
      case Schema::Kind::kScalar:
        return Fail(absl::StrCat(path_, " is a single value, it has no key ", Quote(part)));
      case Schema::Kind::kStruct:
        return StepIntoBlock(part);
      case Schema::Kind::kList:
        return StepIntoList(part);
    }
    return absl::OkStatus();
  }

  YamlNode* node() const { return node_; }

 private:
  Status StepIntoBlock(absl::string_view key) {
    if (key != "name") {
      HONE_ASSIGN_OR_RETURN(schema_, ChooseVariant(*schema_, source_, path_, *node_));
    }
    const SchemaKey* known = schema_->Find(key);
    if (known == nullptr) {
      return Fail(absl::StrCat("unknown key ", Quote(key),
                               path_.empty() ? "" : absl::StrCat(" in ", path_),
                               SuggestKey(*schema_, key)));
    }
    if (node_->is_null()) {
      node_->kind = YamlNode::Kind::kMap;
      node_->place = place_;
    }
    if (!node_->is_map()) return Mismatch("a map");
    YamlNode* value = node_->Find(key);
    if (value == nullptr) {
      node_->keys.emplace_back(key);
      node_->items.emplace_back();
      value = &node_->items.back();
      value->place = place_;
    }
    Enter(key, known->schema, value);
    return absl::OkStatus();
  }

  Status StepIntoList(absl::string_view index) {
    if (!node_->is_null() && !node_->is_list()) return Mismatch("a list");
    const size_t size = node_->items.size();
    if (size == 0) return Fail(absl::StrCat(path_, " is empty, it has no element ", Quote(index)));
    uint64_t i = 0;
    const bool is_number = index.find_first_not_of("0123456789") == absl::string_view::npos;
    if (!is_number || !absl::SimpleAtoi(index, &i) || i >= size) {
      return Fail(absl::StrCat("no element ", Quote(index), " in ", path_,
                               "; its elements are 0 to ", size - 1));
    }
    Enter(index, schema_->element[0], &node_->items[i]);
    return absl::OkStatus();
  }

  void Enter(absl::string_view part, const Schema& schema, YamlNode* node) {
    path_ = JoinPath(path_, part);
    schema_ = &schema;
    node_ = node;
  }

  Status Fail(absl::string_view message) const { return source_.Error(place_, message); }

  Status Mismatch(absl::string_view expected) const {
    return source_.Error(
        node_->place, absl::StrCat(path_.empty() ? "the experiment" : path_, " must be ", expected,
                                   ", found ", node_->Describe()));
  }

  const Schema* schema_;
  const YamlSource& source_;
  const YamlPlace place_;
  YamlNode* node_;
  std::string path_;
};

}  // namespace

Status ApplyOverrides(const Schema& schema, const YamlSource& source, YamlNode* root) {
  for (size_t i = 0; i < source.overrides.size(); ++i) {
    const std::string& text = source.overrides[i];
    const YamlPlace place{1, 1, static_cast<int>(i)};
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return source.Error(place, "not of the form key=value, e.g. stages.0.sft.steps=100");
    }
    HONE_ASSIGN_OR_RETURN(YamlNode value,
                          ParseYaml(text.substr(equals + 1), source, place.override_index));
    Descent descent(schema, source, place, root);
    for (absl::string_view part : absl::StrSplit(text.substr(0, equals), '.')) {
      HONE_RETURN_IF_ERROR(descent.Step(part));
    }
    value.place = place;
    *descent.node() = std::move(value);
  }
  return absl::OkStatus();
}

}  // namespace hone
