#include "report/settings.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "config/load.h"
#include "config/yaml_tree.h"
#include "report/format.h"
#include "report/markup.h"

namespace hone {
namespace {

// Key paths such as "stages.1.grpo.steps", and their values.
using Settings = std::map<std::string, std::string>;

void Flatten(const YamlNode& node, const std::string& path, Settings* settings) {
  if (node.is_scalar()) (*settings)[path] = node.text;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const std::string key = node.is_map() ? node.keys[i] : absl::StrCat(i);
    Flatten(node.items[i], path.empty() ? key : absl::StrCat(path, ".", key), settings);
  }
}

Settings SettingsOf(const RunData& run) {
  Settings settings;
  const StatusOr<YamlNode> tree = ParseYaml(run.yaml, {run.name, {}}, -1);
  if (tree.ok()) Flatten(*tree, "", &settings);
  return settings;
}

}  // namespace

std::string RenderDifferences(absl::Span<const RunData> runs) {
  std::vector<Settings> all;
  Settings keys;
  std::vector<std::vector<std::string>> rows = {{"setting"}};
  for (const RunData& run : runs) {
    all.push_back(SettingsOf(run));
    keys.insert(all.back().begin(), all.back().end());
    rows[0].push_back(run.name);
  }
  for (const auto& [key, unused] : keys) {
    std::vector<std::string> row = {key};
    for (const Settings& settings : all) {
      const auto setting = settings.find(key);
      row.push_back(setting == settings.end() ? "–" : setting->second);
    }
    const bool differs =
        std::any_of(row.begin() + 2, row.end(), [&](const std::string& s) { return s != row[1]; });
    if (differs) rows.push_back(std::move(row));
  }
  return rows.size() == 1 ? "" : RenderTable(rows);
}

std::string RenderExperiments(absl::Span<const RunData> runs) {
  std::string out;
  for (const RunData& run : runs) {
    if (run.yaml.empty()) continue;
    absl::StrAppend(&out, "<details><summary>", EscapeHtml(run.name),
                    " — experiment.yaml, every setting</summary><pre class=\"yaml\">",
                    EscapeHtml(run.yaml), "</pre></details>\n");
  }
  return out;
}

}  // namespace hone
