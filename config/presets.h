// The names that `algorithm:` may have instead of a block, and what each stands for.
#ifndef HONE_CONFIG_PRESETS_H_
#define HONE_CONFIG_PRESETS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

// What a preset sets apart from AlgorithmSpec's defaults: keys with their values in YAML.
struct AlgorithmPreset {
  std::string name;
  std::vector<std::pair<std::string, std::string>> keys;
};

// Null when there is none of that name.
const AlgorithmPreset* FindAlgorithmPreset(absl::string_view name);

std::vector<std::string> AlgorithmPresetNames();

}  // namespace hone

#endif  // HONE_CONFIG_PRESETS_H_
