// A YAML document as a plain tree with positions: what yaml-cpp's parser reports, and nothing that
// could make a small file large (anchors, aliases) or two readings possible (duplicate keys, tags).
#ifndef HONE_CONFIG_YAML_TREE_H_
#define HONE_CONFIG_YAML_TREE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"

namespace hone {

inline constexpr size_t kMaxYamlBytes = 1 << 20;
inline constexpr size_t kMaxYamlDepth = 64;

// Where a value was written: in the file, or in an override. Of a map's entry it is the key.
struct YamlPlace {
  int line = 1;             // from 1
  int column = 1;           // from 1, in bytes
  int override_index = -1;  // index of the override, -1: the file
};

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  bool quoted = false;  // scalars: written in quotes, so it is a string whatever it looks like
  std::string text;     // scalars
  YamlPlace place;
  std::vector<std::string> keys;  // maps: the keys of `items`, each once
  std::vector<YamlNode> items;    // maps and lists

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }

  // The value of a map's key; null when there is none.
  const YamlNode* Find(absl::string_view key) const;
  YamlNode* Find(absl::string_view key);

  // For messages: "`3e`", "the string \"5\"", "a list", "a map", "nothing".
  std::string Describe() const;
};

// Names places in messages.
struct YamlSource {
  std::string name;  // of the file
  absl::Span<const std::string> overrides;

  // "file:line:column" or "override `key=value`".
  std::string Where(const YamlPlace& place) const;

  // InvalidArgument: "where: message".
  Status Error(const YamlPlace& place, absl::string_view message) const;
};

// Parses the one document of `text`; an empty one is a null node. All places get the index
// `override_index` (-1: `text` is the file). Errors are InvalidArgument and name the place.
StatusOr<YamlNode> ParseYaml(const std::string& text, const YamlSource& source, int override_index);

// "`text`", cut after some 60 bytes.
std::string Quote(absl::string_view text);

}  // namespace hone

#endif  // HONE_CONFIG_YAML_TREE_H_
