#include "config/presets.h"

namespace hone {
namespace {

const std::vector<AlgorithmPreset>& Presets() {
  static const auto* const presets = new std::vector<AlgorithmPreset>{
      // Shao et al. 2024, arXiv 2402.03300: its advantages and clipped loss; the mean over tokens
      // and no KL, as has become usual since.
      {"grpo", {}},
      // Liu et al. 2025, arXiv 2503.20783: no division by the standard deviation nor by lengths.
      {"dr_grpo", {{"advantage", "mean_centered"}, {"aggregation", "constant"}}},
      // Yu et al. 2025, arXiv 2503.14476. The overlong buffer depends on sampling.max_tokens and
      // stays to be set: the paper has a fifth of it.
      {"dapo", {{"clip_high", "0.28"}, {"dynamic_sampling", "true"}}},
      // Zheng et al. 2025, arXiv 2507.18071, section 5.1.
      {"gspo",
       {{"policy_loss", "gspo"},
        {"clip_low", "3.0e-4"},
        {"clip_high", "4.0e-4"},
        {"aggregation", "sequence_mean"}}},
      // MiniMax 2025, arXiv 2506.13585: no lower bound. It does not give its upper one; a ratio of
      // at most 5 is from Khatri et al. 2025, arXiv 2510.13786.
      {"cispo", {{"policy_loss", "cispo"}, {"clip_low", "1.0"}, {"clip_high", "4.0"}}},
      // Ahmadian et al. 2024, arXiv 2402.14740.
      {"rloo", {{"advantage", "rloo"}}},
      // Hu 2025, arXiv 2501.03262.
      {"reinforce_pp", {{"advantage", "reinforce_pp"}}}};
  return *presets;
}

}  // namespace

const AlgorithmPreset* FindAlgorithmPreset(absl::string_view name) {
  for (const AlgorithmPreset& preset : Presets()) {
    if (preset.name == name) return &preset;
  }
  return nullptr;
}

std::vector<std::string> AlgorithmPresetNames() {
  std::vector<std::string> names;
  for (const AlgorithmPreset& preset : Presets()) names.push_back(preset.name);
  return names;
}

}  // namespace hone
