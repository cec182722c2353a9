#include "rollout/engine/length_estimate.h"

#include "absl/hash/hash.h"

namespace hone {
namespace {

// Older ends count half once so many are known: the policy changes.
constexpr double kRecentEnds = 512;
constexpr size_t kMaxPrompts = 1 << 16;
// Of the latest end in a prompt's mean.
constexpr float kLatestShare = 0.25f;

}  // namespace

uint64_t LengthEstimate::Key(absl::Span<const int32_t> prompt) { return absl::HashOf(prompt); }

void LengthEstimate::Observe(uint64_t key, int64_t tokens) {
  tokens_ += static_cast<double>(tokens);
  if (++ends_ >= kRecentEnds) {
    tokens_ /= 2;
    ends_ /= 2;
  }
  const float latest = static_cast<float>(tokens);
  if (by_prompt_.size() >= kMaxPrompts && !by_prompt_.contains(key)) by_prompt_.clear();
  const auto [it, is_new] = by_prompt_.try_emplace(key, latest);
  if (!is_new) it->second += kLatestShare * (latest - it->second);
}

std::optional<double> LengthEstimate::Mean(int64_t running_tokens) const {
  if (ends_ == 0) return std::nullopt;
  return (tokens_ + static_cast<double>(running_tokens)) / ends_;
}

std::optional<double> LengthEstimate::OfPrompt(uint64_t key) const {
  const auto it = by_prompt_.find(key);
  if (it == by_prompt_.end()) return std::nullopt;
  return it->second;
}

}  // namespace hone
