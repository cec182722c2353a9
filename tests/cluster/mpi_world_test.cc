#include "cluster/mpi_world.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cluster/ranks.h"

namespace hone {
namespace {

using ::testing::Each;

int Rank() { return Everybody().world().rank; }
int Size() { return Everybody().world().size; }

// Something of a rank at a place.
float Value(int rank, int64_t i) {
  return static_cast<float>(rank + 1) / static_cast<float>(i + 3);
}

// Sizes with several slices, none, and odd ends.
const std::vector<int64_t> kSizes = {0, 1, 7, 1000, (1 << 20) + 5};

TEST(MpiWorld, HasTheRanksThatWereStarted) {
  EXPECT_EQ(Size(), NumStartedRanks());
  EXPECT_LT(Rank(), Size());
}

TEST(MpiWorld, GathersShardsInRankOrder) {
  for (const int64_t n : kSizes) {
    std::vector<float> full(n * Size(), -1.0f), expected;
    for (int64_t i = 0; i < n; ++i) full[Rank() * n + i] = Value(Rank(), i);
    for (int rank = 0; rank < Size(); ++rank) {
      for (int64_t i = 0; i < n; ++i) expected.push_back(Value(rank, i));
    }
    // In place, and from outside.
    const std::vector<float> shard(full.begin() + Rank() * n, full.begin() + (Rank() + 1) * n);
    std::vector<float> other(n * Size());
    Pending first = Everybody().AllGather("a", full.data() + Rank() * n, n, full.data());
    Pending second = Everybody().AllGather("b", shard.data(), n, other.data());
    ASSERT_TRUE(second.Wait().ok());
    ASSERT_TRUE(first.Wait().ok());
    EXPECT_EQ(full, expected);
    EXPECT_EQ(other, expected);
  }
}

TEST(MpiWorld, AddsInRankOrderOnTopOfWhatIsThere) {
  for (const int64_t n : kSizes) {
    std::vector<float> full(n * Size()), sum(n, 0.1f), expected(n, 0.1f);
    for (size_t i = 0; i < full.size(); ++i) full[i] = Value(Rank(), static_cast<int64_t>(i));
    ASSERT_TRUE(Everybody().ReduceScatterAdd("a", full.data(), n, sum.data()).Wait().ok());
    for (int rank = 0; rank < Size(); ++rank) {
      for (int64_t i = 0; i < n; ++i) expected[i] += Value(rank, Rank() * n + i);
    }
    EXPECT_EQ(sum, expected) << "to the bit";
  }
}

TEST(MpiWorld, ReducesBroadcastsAndMeets) {
  std::vector<double> values = {1.0 / (Rank() + 1), 2.0};
  ASSERT_TRUE(Everybody().AllReduce("a", values.data(), 2).Wait().ok());
  double expected = 0;
  for (int rank = 0; rank < Size(); ++rank) expected += 1.0 / (rank + 1);
  EXPECT_EQ(values[0], expected);
  EXPECT_EQ(values[1], 2.0 * Size());

  for (int root = 0; root < Size(); ++root) {
    std::string text = Rank() == root ? std::string(100000, 'a' + root) : "other";
    ASSERT_TRUE(BroadcastText(&Everybody(), "a", root, &text).ok());
    EXPECT_EQ(text, std::string(100000, 'a' + root));
  }
  const auto texts = AllGatherTexts(&Everybody(), "a", std::string(Rank(), 'x'));
  ASSERT_TRUE(texts.ok());
  for (int rank = 0; rank < Size(); ++rank) EXPECT_EQ((*texts)[rank], std::string(rank, 'x'));
  EXPECT_TRUE(Everybody().Barrier("a").Wait().ok());
}

TEST(MpiWorld, SumsOverRanksOfAnySize) {
  for (const int64_t n : {int64_t{1}, int64_t{10}, int64_t{3000001}}) {
    std::vector<float> values(n);
    for (int64_t i = 0; i < n; ++i) values[i] = static_cast<float>(i % 1000 + Rank());
    ASSERT_TRUE(SumOverRanks(&Everybody(), "a", values.data(), n).ok());
    const int64_t ranks = int64_t{Size()} * (Size() - 1) / 2;  // 0 + 1 + …
    for (int64_t i = 0; i < n; ++i) {
      ASSERT_EQ(values[i], static_cast<float>(i % 1000 * Size() + ranks));
    }
  }
}

TEST(MpiWorld, SplitsIntoGroups) {
  const int color = Rank() % 2;
  const auto group = TestWorld().Split(color, "half of them");
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ((*group)->world().size, (Size() + 1 - color) / 2);
  EXPECT_EQ((*group)->world().rank, Rank() / 2);
  double sum = Rank();
  ASSERT_TRUE((*group)->AllReduce("a", &sum, 1).Wait().ok());
  double expected = 0;
  for (int rank = color; rank < Size(); rank += 2) expected += rank;
  EXPECT_EQ(sum, expected);
}

TEST(MpiWorld, CountsWhatItDoes) {
  const CollectiveStats before = Everybody().stats();
  std::vector<float> full(100 * Size());
  ASSERT_TRUE(Everybody().AllGather("a", full.data() + 100 * Rank(), 100, full.data()).Wait().ok());
  const CollectiveStats after = Everybody().stats();
  EXPECT_EQ(after.operations - before.operations, 1);
  EXPECT_EQ(after.bytes_sent - before.bytes_sent, 400 * (Size() - 1));
  EXPECT_GE(after.active_seconds, before.active_seconds);
}

TEST(MpiWorld, WaitsForWhatIsDropped) {
  std::vector<float> full(Size());
  full[Rank()] = 1;
  { Pending dropped = Everybody().AllGather("a", &full[Rank()], 1, full.data()); }
  EXPECT_THAT(full, Each(1.0f));
}

}  // namespace
}  // namespace hone
