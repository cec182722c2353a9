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
};

// A row for the block or list itself, then its keys, so that the listing reads from the top. Keys
// that only blocks of one `name` have begin their meaning with it.
void AddRows(const Schema& schema, const std::string& path, std::vector<Row>* rows,
             const std::string& name = "") {
  if (!schema.variants.empty()) {
    for (const SchemaKey& variant : schema.variants) {
      AddRows(variant.schema, path, rows, variant.name);
    }
    return;
  }
  for (const SchemaKey& key : schema.keys) {
    const std::string key_path = JoinPath(path, key.name);
    const bool is_list = key.schema.kind == Schema::Kind::kList;
    const bool names_variant = !name.empty() && key.name == "name";
    // The names themselves are told once.
    if (names_variant && rows->back().path != path) continue;
    const std::string owner = name.empty() || names_variant ? "" : absl::StrCat(name, ": ");
    rows->push_back({key_path, is_list ? "[]" : key.default_value, owner + key.meaning});
    if (is_list) {
      AddRows(key.schema.element[0], JoinPath(key_path, "N"), rows);
    } else {
      AddRows(key.schema, key_path, rows);
    }
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
