#include "kernels/parallel.h"

#include <atomic>
#include <vector>

#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(ParallelTest, CallsEachIndexOnce) {
  for (const int threads : {1, 2, 5}) {
    SetNumThreads(threads);
    EXPECT_EQ(NumThreads(), threads);
    for (const int count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> calls(count);
      ParallelFor(count, [&](int64_t i) { ++calls[i]; });
      for (const auto& c : calls) EXPECT_EQ(c, 1);
    }
  }
  SetNumThreads(0);
}

TEST(ParallelTest, ManyShortRunsInARow) {
  SetNumThreads(3);
  std::atomic<int64_t> sum{0};
  for (int run = 0; run < 20000; ++run) ParallelFor(3, [&](int64_t i) { sum += i; });
  EXPECT_EQ(sum, 60000);
  SetNumThreads(0);
}

TEST(ParallelTest, NestedCallsRunInPlace) {
  SetNumThreads(2);
  std::atomic<int> calls{0};
  ParallelFor(4, [&](int64_t) { ParallelFor(4, [&](int64_t) { ++calls; }); });
  EXPECT_EQ(calls, 16);
  SetNumThreads(0);
}

TEST(ParallelTest, BlocksCoverTheRangeWhateverTheThreads) {
  for (const int threads : {1, 4}) {
    SetNumThreads(threads);
    std::vector<std::atomic<int>> begins(10);
    ParallelForBlocks(25, 10, [&](int64_t begin, int64_t end) {
      EXPECT_EQ(begin % 10, 0);
      EXPECT_EQ(end, begin == 20 ? 25 : begin + 10);
      ++begins[begin / 10];
    });
    EXPECT_EQ(begins[0] + begins[1] + begins[2], 3);
  }
  SetNumThreads(0);
}

}  // namespace
}  // namespace hone
