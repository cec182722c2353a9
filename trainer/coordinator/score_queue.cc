#include "trainer/coordinator/score_queue.h"

#include <utility>

namespace hone {
namespace {

// A call's size: large enough to be worth it, small enough to spread over the services and to stay
// far below the message limit (a token is a few bytes of text).
constexpr int kMaxBatchSamples = 128;
constexpr size_t kMaxBatchTokens = 1 << 20;

size_t NumTokens(const ScoreTask& task) {
  size_t num_tokens = 0;
  for (const int sample : task.samples) num_tokens += (*task.completions)[sample].tokens.size();
  return num_tokens;
}

}  // namespace

std::vector<ScoreTask> ScoreQueue::TakeBatch() {
  std::vector<ScoreTask> batch;
  size_t num_samples = 0, num_tokens = 0;
  while (!tasks_.empty()) {
    const ScoreTask& task = tasks_.front();
    num_samples += task.samples.size();
    num_tokens += NumTokens(task);
    // Where each sample may take long, calls are small: one that ends is a sign of life.
    const std::vector<RewardSpec>& reward = task.spec->reward;
    const bool slow = JudgingSeconds(reward, 2) > JudgingSeconds(reward, 1);
    const bool fits = num_samples <= kMaxBatchSamples && num_tokens <= kMaxBatchTokens && !slow;
    if (!batch.empty() && (!fits || task.group.job != batch[0].group.job)) break;
    batch.push_back(std::move(tasks_.front()));
    tasks_.pop_front();
  }
  return batch;
}

void ScoreQueue::DropJob(JobId job) {
  std::erase_if(tasks_, [&](const ScoreTask& task) { return task.group.job == job; });
}

}  // namespace hone
