#include "config/shape.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "config/nearest.h"
#include "config/presets.h"

namespace hone {
namespace {

// A scalar becomes a map with these entries, all at the scalar's place.
void Expand(const std::vector<std::pair<std::string, std::string>>& entries, YamlNode* node) {
  YamlNode map;
  map.kind = YamlNode::Kind::kMap;
  map.place = node->place;
  for (const auto& [key, text] : entries) {
    YamlNode value;
    value.kind = YamlNode::Kind::kScalar;
    value.text = text;
    value.place = node->place;
    map.keys.push_back(key);
    map.items.push_back(std::move(value));
  }
  *node = std::move(map);
}

}  // namespace

std::string JoinPath(absl::string_view path, absl::string_view key) {
  return path.empty() ? std::string(key) : absl::StrCat(path, ".", key);
}

Status ExpandBareName(const Schema& schema, const YamlSource& source, const std::string& path,
                      YamlNode* node) {
  if (!node->is_scalar() || schema.bare_name == Schema::BareName::kNone) return absl::OkStatus();
  if (schema.bare_name == Schema::BareName::kNameKey) {
    Expand({{"name", node->text}}, node);
    return absl::OkStatus();
  }
  const AlgorithmPreset* preset = FindAlgorithmPreset(node->text);
  if (preset == nullptr) {
    return source.Error(node->place,
                        absl::StrCat("unknown preset ", Quote(node->text), " for ", path,
                                     Suggestion(node->text, AlgorithmPresetNames())));
  }
  Expand(preset->keys, node);
  return absl::OkStatus();
}

StatusOr<const Schema*> ChooseVariant(const Schema& schema, const YamlSource& source,
                                      const std::string& path, const YamlNode& node) {
  if (schema.variants.empty()) return &schema;
  const YamlNode* name = node.Find("name");
  if (name == nullptr || !name->is_scalar()) return &schema.variants.front().schema;
  const Schema* variant = schema.Variant(name->text);
  if (variant != nullptr) return variant;
  return source.Error(
      name->place, absl::StrCat(JoinPath(path, "name"), " has the unknown value ",
                                Quote(name->text), Suggestion(name->text, schema.VariantNames())));
}

Status CheckShape(const Schema& any_schema, const YamlSource& source, const std::string& path,
                  YamlNode* node) {
  if (any_schema.kind == Schema::Kind::kScalar) return absl::OkStatus();
  HONE_RETURN_IF_ERROR(ExpandBareName(any_schema, source, path, node));
  if (node->is_null()) return absl::OkStatus();
  HONE_ASSIGN_OR_RETURN(const Schema* const variant,
                        ChooseVariant(any_schema, source, path, *node));
  const Schema& schema = *variant;
  const bool wants_list = schema.kind == Schema::Kind::kList;
  if (wants_list ? !node->is_list() : !node->is_map()) {
    const std::string keys =
        wants_list ? "" : absl::StrCat(" with keys such as `", schema.keys.front().name, "`");
    return source.Error(
        node->place, absl::StrCat(path.empty() ? "the experiment" : path, " must be a ",
                                  wants_list ? "list" : "map", keys, ", found ", node->Describe()));
  }
  for (size_t i = 0; i < node->items.size(); ++i) {
    if (wants_list) {
      HONE_RETURN_IF_ERROR(
          CheckShape(schema.element[0], source, JoinPath(path, absl::StrCat(i)), &node->items[i]));
      continue;
    }
    const std::string& key = node->keys[i];
    const SchemaKey* known = schema.Find(key);
    if (known == nullptr) {
      return source.Error(
          node->items[i].place,
          absl::StrCat("unknown key ", Quote(key), path.empty() ? "" : absl::StrCat(" in ", path),
                       SuggestKey(schema, key)));
    }
    HONE_RETURN_IF_ERROR(CheckShape(known->schema, source, JoinPath(path, key), &node->items[i]));
  }
  return absl::OkStatus();
}

}  // namespace hone
