#include "trainer/coordinator/score_queue.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// A group of a job that has this reward, with so many samples of no length.
ScoreTask Task(JobId job, const std::string& reward, int num_samples) {
  auto spec = std::make_shared<GenerateJob>();
  spec->reward = {{{reward}, 1.0}};
  ScoreTask task = {.group = {.job = job},
                    .spec = std::move(spec),
                    .completions = std::make_shared<std::vector<Completion>>(num_samples)};
  for (int i = 0; i < num_samples; ++i) task.samples.push_back(i);
  return task;
}

TEST(ScoreQueue, ACallCarriesGroupsOfOneJob) {
  ScoreQueue queue;
  for (int i = 0; i < 3; ++i) queue.Add(Task(1, "math", 50));
  queue.Add(Task(2, "math", 2));
  EXPECT_THAT(queue.TakeBatch(), SizeIs(2));  // not more than 128 samples
  EXPECT_THAT(queue.TakeBatch(), SizeIs(1));
  EXPECT_THAT(queue.TakeBatch(), SizeIs(1));
  EXPECT_THAT(queue.TakeBatch(), IsEmpty());
}

TEST(ScoreQueue, SlowRewardsGoOneGroupACall) {
  ScoreQueue queue;
  for (int i = 0; i < 3; ++i) queue.Add(Task(1, "python", 2));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(queue.TakeBatch(), SizeIs(1));
  EXPECT_TRUE(queue.empty());
  // A user's own service is asked for many at once.
  for (int i = 0; i < 3; ++i) queue.Add(Task(1, "remote", 2));
  EXPECT_THAT(queue.TakeBatch(), SizeIs(3));
}

}  // namespace
}  // namespace hone
