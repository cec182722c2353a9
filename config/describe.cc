#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/load.h"
#include "config/presets.h"
#include "config/schema.h"
#include "config/shape.h"

namespace hone {
namespace {

struct Row {
  std::string path;
  std::string default_value;
  std::string meaning;

  friend bool operator==(const Row&, const Row&) = default;
};

void AddVariantRows(const Schema& schema, const std::string& path, std::vector<Row>* rows);

// A row for the block or list itself, then its keys, so that the listing reads from the top.
void AddRows(const Schema& schema, const std::string& path, std::vector<Row>* rows) {
  if (!schema.variants.empty()) return AddVariantRows(schema, path, rows);
  for (const SchemaKey& key : schema.keys) {
    const std::string key_path = JoinPath(path, key.name);
    const bool is_list = key.schema.kind == Schema::Kind::kList;
    rows->push_back(
        {key_path, is_list && key.default_value.empty() ? "[]" : key.default_value, key.meaning});
    if (is_list) {
      AddRows(key.schema.element[0], JoinPath(key_path, "N"), rows);
    } else {
      AddRows(key.schema, key_path, rows);
    }
  }
}

// The keys that every `name` has, once; those that only some have begin their meaning with these.
void AddVariantRows(const Schema& schema, const std::string& path, std::vector<Row>* rows) {
  std::vector<Row> plain, own;
  std::vector<std::vector<std::string>> owners;
  Schema any_name = schema;
  any_name.variants.clear();
  AddRows(any_name, path, &plain);
  for (const SchemaKey& variant : schema.variants) {
    std::vector<Row> all;
    AddRows(variant.schema, path, &all);
    for (const Row& row : all) {
      if (row.path == JoinPath(path, "name")) continue;
      const size_t i = std::find(own.begin(), own.end(), row) - own.begin();
      if (i == own.size()) {
        own.push_back(row);
        owners.emplace_back();
      }
      owners[i].push_back(variant.name);
    }
  }
  rows->push_back(plain.front());  // the name
  for (size_t i = 0; i < own.size(); ++i) {
    if (owners[i].size() < schema.variants.size()) {
      own[i].meaning = absl::StrCat(absl::StrJoin(owners[i], ", "), ": ", own[i].meaning);
    }
    rows->push_back(own[i]);
  }
}

}  // namespace

std::string DescribeKeys() {
  std::vector<Row> rows = {{"KEY", "DEFAULT", "MEANING"}};
  AddRows(ExperimentSchema(), "", &rows);
  size_t path_width = 0, default_width = 0;
  for (const Row& row : rows) {
    path_width = std::max(path_width, row.path.size());
    default_width = std::max(default_width, row.default_value.size());
  }
  std::string text;
  for (const Row& row : rows) {
    absl::StrAppend(
        &text, row.path, std::string(path_width + 2 - row.path.size(), ' '), row.default_value,
        std::string(default_width + 2 - row.default_value.size(), ' '), row.meaning, "\n");
  }
  absl::StrAppend(
      &text,
      "\nN counts a list's elements from 0. Blocks have no default of their own. A task "
      "or a reward\nmay be written as its bare name, an algorithm as a preset's: ",
      absl::StrJoin(AlgorithmPresetNames(), ", "), ".\n");
  return text;
}

}  // namespace hone
