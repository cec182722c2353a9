// The shape of a YAML tree against the schema: which blocks and keys may be where.
#ifndef HONE_CONFIG_SHAPE_H_
#define HONE_CONFIG_SHAPE_H_

#include <string>

#include "base/status.h"
#include "config/schema.h"
#include "config/yaml_tree.h"

namespace hone {

// Turns a bare name into the block that it stands for, where the schema allows one: `countdown`
// into {name: countdown}, an algorithm's preset into the keys that it sets. Anything else stays.
// InvalidArgument for an unknown preset. `path` is the node's, for the message.
Status ExpandBareName(const Schema& schema, const YamlSource& source, const std::string& path,
                      YamlNode* node);

// The schema that a block's `name` chooses, after ExpandBareName. InvalidArgument for an unknown
// name. The same schema where no name has a say.
StatusOr<const Schema*> ChooseVariant(const Schema& schema, const YamlSource& source,
                                      const std::string& path, const YamlNode& node);

// Expands every bare name and checks that each block is a map of known keys and each list a list.
// An empty block (null) stands for its defaults. Scalars are not looked at.
Status CheckShape(const Schema& schema, const YamlSource& source, const std::string& path,
                  YamlNode* node);

// `path`.`key`, or `key` at the root.
std::string JoinPath(absl::string_view path, absl::string_view key);

}  // namespace hone

#endif  // HONE_CONFIG_SHAPE_H_
