#include "kernels/parallel.h"

#include <atomic>
#include <thread>
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

// Beside another thread's kernels: done at once, in this thread, in order.
TEST(ParallelTest, ASerialSectionNeedsNobodyElse) {
  SetNumThreads(3);
  const auto here = std::this_thread::get_id();
  std::vector<int64_t> order;
  {
    const SerialSection serial;
    ParallelFor(50, [&](int64_t i) {
      EXPECT_EQ(std::this_thread::get_id(), here);
      order.push_back(i);
    });
    ParallelFor(1, [&](int64_t i) { order.push_back(50); });
    ParallelFor(1, [&](int64_t i) { order.push_back(51); });
  }
  ASSERT_EQ(order.size(), 52u);
  for (int64_t i = 0; i < 52; ++i) EXPECT_EQ(order[i], i);
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
