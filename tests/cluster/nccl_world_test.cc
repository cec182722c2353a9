// The GPU lane: a rank for each GPU. Alone it does without MPI, else mpirun starts it.
#include "cluster/nccl_world.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

// The ranks of this test.
struct Ranks {
  std::unique_ptr<MpiWorld> mpi;
  std::unique_ptr<Collectives> members;
  int device = 0;
};
Ranks ranks;

class StartRanks : public testing::Environment {
 public:
  void SetUp() override {
    ASSERT_GT(NumGpus(), 0) << "CUDA finds no GPU on this machine";
    ASSERT_GE(NumGpus(), NumLocalRanks()) << "a GPU for each rank is needed";
    if (NumStartedRanks() == 1) {
      ranks.members = std::make_unique<SingleRank>();
      return;
    }
    auto mpi = MpiWorld::Start({.timeout_seconds = 60});
    ASSERT_TRUE(mpi.ok()) << mpi.status();
    ranks.mpi = *std::move(mpi);
    auto members = ranks.mpi->Split(0, "the test's ranks");
    ASSERT_TRUE(members.ok()) << members.status();
    ranks.members = *std::move(members);
    ranks.device = ranks.mpi->world().rank;
    ASSERT_EQ(cudaSetDevice(ranks.device), cudaSuccess);
  }
  void TearDown() override { ranks = {}; }
};
[[maybe_unused]] testing::Environment* const kEnvironment =
    testing::AddGlobalTestEnvironment(new StartRanks);

// [n] on the GPU.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& values) : size_(values.size()) {
    EXPECT_EQ(cudaMalloc(&data_, std::max<size_t>(1, size_) * sizeof(T)), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice),
              cudaSuccess);
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  T* get() { return static_cast<T*>(data_); }
  std::vector<T> Read() const {
    std::vector<T> values(size_);
    EXPECT_EQ(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost),
              cudaSuccess);
    return values;
  }

 private:
  const size_t size_;
  void* data_ = nullptr;
};

// Something of a rank at a place.
float Value(int rank, int64_t i) {
  return static_cast<float>(rank + 1) / static_cast<float>(i % 1000 + 3);
}

// One slice of a reduction, several, none, and odd ends.
const std::vector<int64_t> kSizes = {0, 1, 7, 1000, (4 << 20) + 5};

class NcclWorld : public testing::Test {
 protected:
  void SetUp() override { Join(/*timeout_seconds=*/60); }
  void Join(double timeout_seconds) {
    auto group = JoinNccl("the GPUs", ranks.mpi.get(), ranks.members.get(), ranks.device,
                          {.timeout_seconds = timeout_seconds});
    ASSERT_TRUE(group.ok()) << group.status();
    group_ = *std::move(group);
    rank_ = group_->world().rank;
    size_ = group_->world().size;
  }

  std::unique_ptr<Collectives> group_;
  int rank_ = 0, size_ = 0;
};

TEST_F(NcclWorld, HasARankForEachProcess) {
  EXPECT_EQ(size_, NumStartedRanks());
  EXPECT_EQ(rank_, StartedRank());
}

TEST_F(NcclWorld, GathersShardsInRankOrder) {
  for (const int64_t n : kSizes) {
    std::vector<float> expected;
    for (int rank = 0; rank < size_; ++rank) {
      for (int64_t i = 0; i < n; ++i) expected.push_back(Value(rank, i));
    }
    const std::vector<float> shard(expected.begin() + rank_ * n,
                                   expected.begin() + (rank_ + 1) * n);
    DeviceArray<float> from(shard), full(std::vector<float>(size_ * n, -1.0f));
    ASSERT_TRUE(group_->AllGather("a", from.get(), n, full.get()).Wait().ok());
    EXPECT_EQ(full.Read(), expected);

    std::vector<float> own(size_ * n, -1.0f);
    std::copy(shard.begin(), shard.end(), own.begin() + rank_ * n);
    DeviceArray<float> in_place(own);
    ASSERT_TRUE(group_->AllGather("a", in_place.get() + rank_ * n, n, in_place.get()).Wait().ok());
    EXPECT_EQ(in_place.Read(), expected);
  }
}

// As the learner gathers bfloat16: two numbers in each float, which are only moved. Among them are
// pairs that are no number as a float.
TEST_F(NcclWorld, GathersBfloat16) {
  constexpr int64_t kFloats = 1 << 15;
  std::vector<uint16_t> expected;
  for (int rank = 0; rank < size_; ++rank) {
    for (int64_t i = 0; i < 2 * kFloats; ++i) expected.push_back(static_cast<uint16_t>(i ^ rank));
  }
  DeviceArray<uint16_t> shard(
      {expected.begin() + rank_ * 2 * kFloats, expected.begin() + (rank_ + 1) * 2 * kFloats}),
      full(std::vector<uint16_t>(expected.size()));
  ASSERT_TRUE(group_
                  ->AllGather("a", reinterpret_cast<const float*>(shard.get()), kFloats,
                              reinterpret_cast<float*>(full.get()))
                  .Wait()
                  .ok());
  EXPECT_EQ(full.Read(), expected);
}

TEST_F(NcclWorld, AddsInRankOrderOnTopOfWhatIsThere) {
  for (const int64_t n : kSizes) {
    std::vector<float> values(n * size_), expected(n, 0.1f);
    for (size_t i = 0; i < values.size(); ++i) values[i] = Value(rank_, static_cast<int64_t>(i));
    for (int rank = 0; rank < size_; ++rank) {
      for (int64_t i = 0; i < n; ++i) expected[i] += Value(rank, rank_ * n + i);
    }
    DeviceArray<float> full(values), sum(std::vector<float>(n, 0.1f));
    ASSERT_TRUE(group_->ReduceScatterAdd("a", full.get(), n, sum.get()).Wait().ok());
    EXPECT_EQ(sum.Read(), expected) << "to the bit";
  }
}

TEST_F(NcclWorld, ReducesBroadcastsAndMeets) {
  DeviceArray<double> values({1.0 / (rank_ + 3), 2.0});
  ASSERT_TRUE(group_->AllReduce("a", values.get(), 2).Wait().ok());
  double expected = 0;
  for (int rank = 0; rank < size_; ++rank) expected += 1.0 / (rank + 3);
  EXPECT_EQ(values.Read(), std::vector<double>({expected, 2.0 * size_}));

  for (int root = 0; root < size_; ++root) {
    DeviceArray<char> bytes(std::vector<char>(100001, rank_ == root ? 'a' + root : '-'));
    ASSERT_TRUE(group_->Broadcast("a", bytes.get(), 100001, root).Wait().ok());
    EXPECT_EQ(bytes.Read(), std::vector<char>(100001, 'a' + root));
  }
  EXPECT_TRUE(group_->Barrier("a").Wait().ok());
}

TEST_F(NcclWorld, CountsWhatItDoes) {
  DeviceArray<float> full(std::vector<float>(100 * size_));
  ASSERT_TRUE(group_->AllGather("a", full.get() + 100 * rank_, 100, full.get()).Wait().ok());
  EXPECT_EQ(group_->stats().operations, 1);
  EXPECT_EQ(group_->stats().bytes_sent, 400 * (size_ - 1));
}

// Holds the default stream up until it is released.
class HeldStream {
 public:
  HeldStream() {
    EXPECT_EQ(
        cudaLaunchHostFunc(
            nullptr,
            [](void* release) { static_cast<absl::Notification*>(release)->WaitForNotification(); },
            &release_),
        cudaSuccess);
  }
  ~HeldStream() {
    Release();
    cudaStreamSynchronize(nullptr);
  }
  void Release() {
    if (!release_.HasBeenNotified()) release_.Notify();
  }

 private:
  absl::Notification release_;
};

TEST_F(NcclWorld, ComesAfterWhatWasGivenToTheDefaultStream) {
  DeviceArray<char> shard({'-', '-', '-', '-'}), full(std::vector<char>(4 * size_));
  Pending gather;
  HeldStream held;
  ASSERT_EQ(cudaMemsetAsync(shard.get(), 'x', 4), cudaSuccess);
  gather = group_->AllGather("a", reinterpret_cast<const float*>(shard.get()), 1,
                             reinterpret_cast<float*>(full.get()));
  held.Release();
  ASSERT_TRUE(gather.Wait().ok());
  EXPECT_EQ(full.Read(), std::vector<char>(4 * size_, 'x'));
}

TEST_F(NcclWorld, HasADeadlineWhenAGpuHangs) {
  group_.reset();
  ASSERT_NO_FATAL_FAILURE(Join(/*timeout_seconds=*/1));
  {
    HeldStream held;
    const Status status = group_->Barrier("meet").Wait();
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), "barrier no. 1 of the GPUs (meet): not done"))
        << status;
    const Status later = group_->Barrier("later").Wait();
    EXPECT_THAT(std::string(later.message()), HasSubstr("after an earlier failure: barrier no. 1"));
  }
  // The GPU is free again for another group.
  group_.reset();
  Join(/*timeout_seconds=*/60);
  EXPECT_TRUE(group_->Barrier("meet").Wait().ok());
}

TEST_F(NcclWorld, SaysThatThereIsNoSuchGpu) {
  const auto group =
      JoinNccl("the GPUs", ranks.mpi.get(), ranks.members.get(), NumGpus(), MpiOptions());
  EXPECT_EQ(group.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(group.status().message()), HasSubstr("there is no GPU"));
}

}  // namespace
}  // namespace hone
