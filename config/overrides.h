// "a.b.0.c=value" from the command line, applied to the tree before it is read.
#ifndef HONE_CONFIG_OVERRIDES_H_
#define HONE_CONFIG_OVERRIDES_H_

#include "base/status.h"
#include "config/schema.h"
#include "config/yaml_tree.h"

namespace hone {

// Applies source.overrides in order. A path may name keys that the tree lacks, blocks included,
// but only elements that its lists have. Errors are InvalidArgument and name the override.
Status ApplyOverrides(const Schema& schema, const YamlSource& source, YamlNode* root);

}  // namespace hone

#endif  // HONE_CONFIG_OVERRIDES_H_
