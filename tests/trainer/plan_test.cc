#include "trainer/learner/plan.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/philox.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rollout/engine/models.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const ModelConfig& Config() {
  static const ModelConfig config = SmallConfig(true);
  return config;
}

std::vector<int64_t> RandomLengths(int count, int longest, uint64_t seed) {
  Random random(seed, 0);
  std::vector<int64_t> lengths;
  for (int i = 0; i < count; ++i) lengths.push_back(1 + random.Below(longest));
  return lengths;
}

// Each sequence once, ascending, within the tokens allowed.
void ExpectWhole(const std::vector<std::vector<int64_t>>& plan, const std::vector<int64_t>& lengths,
                 const PlanOptions& options) {
  EXPECT_EQ(plan.size() % options.multiple, 0u);
  std::vector<int64_t> all;
  for (const auto& bin : plan) {
    EXPECT_TRUE(std::is_sorted(bin.begin(), bin.end()));
    int64_t tokens = 0;
    for (const int64_t i : bin) tokens += lengths[i];
    EXPECT_TRUE(bin.size() <= 1 || tokens <= options.max_tokens) << tokens;
    all.insert(all.end(), bin.begin(), bin.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<int64_t> expected(lengths.size());
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

TEST(Plan, HasEverySequenceOnce) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const int multiple : {1, 2, 3, 8}) {
      for (const int64_t max_tokens : {1, 100, 500, 100000}) {
        const auto lengths = RandomLengths(1 + static_cast<int>(seed * 7), 160, seed);
        const PlanOptions options{max_tokens, multiple};
        ExpectWhole(PlanMicroBatches(Config(), lengths, options), lengths, options);
      }
    }
  }
}

TEST(Plan, SpreadsTheWorkEvenly) {
  // As many sequences as a small step has, of very different lengths.
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto lengths = RandomLengths(128, 2000, seed);
    for (const int ranks : {2, 3, 4, 8}) {
      const auto plan = PlanMicroBatches(Config(), lengths, {8192, ranks});
      std::vector<double> work(ranks);
      for (size_t i = 0; i < plan.size(); ++i) {
        for (const int64_t sequence : plan[i]) {
          work[i % ranks] += SequenceWork(Config(), lengths[sequence]);
        }
      }
      const double mean = std::accumulate(work.begin(), work.end(), 0.0) / ranks;
      EXPECT_LE(*std::max_element(work.begin(), work.end()), 1.1 * mean) << ranks << " ranks";
    }
  }
}

TEST(Plan, TakesNoMoreMicroBatchesThanItNeeds) {
  EXPECT_THAT(PlanMicroBatches(Config(), {10, 20, 30}, {60, 1}), ElementsAre(ElementsAre(0, 1, 2)));
  EXPECT_THAT(PlanMicroBatches(Config(), {10, 20, 30}, {30, 1}),
              ElementsAre(ElementsAre(2), ElementsAre(0, 1)));
}

TEST(Plan, LeavesSomeEmptyWhenThereIsTooLittle) {
  EXPECT_THAT(PlanMicroBatches(Config(), {5}, {8192, 3}),
              ElementsAre(ElementsAre(0), IsEmpty(), IsEmpty()));
  EXPECT_THAT(PlanMicroBatches(Config(), {}, {8192, 2}), SizeIs(2));
}

}  // namespace
}  // namespace hone
