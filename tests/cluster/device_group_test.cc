#include "cluster/device_group.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cluster/file_communicator.h"
#include "tests/cluster/ranks.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

int Rank() { return Everybody().world().rank; }
int Size() { return Everybody().world().size; }
int Last() { return Size() - 1; }

class DeviceGroupTest : public testing::Test {
 protected:
  // A folder for all ranks, and a group that meets there.
  void SetUp() override {
    char name[] = "/tmp/device_group_XXXXXX";
    folder_ = Rank() == 0 ? mkdtemp(name) : "";
    ASSERT_TRUE(BroadcastText(&Everybody(), "folder", 0, &folder_).ok());
    ASSERT_EQ(mkfifo(Fifo(Rank()).c_str(), 0600), 0);
    ASSERT_TRUE(Everybody().Barrier("begun").Wait().ok());
  }
  void TearDown() override {
    group_.reset();
    ASSERT_TRUE(Everybody().Barrier("over").Wait().ok());
    if (Rank() == 0) std::filesystem::remove_all(folder_);
  }

  void Join(double timeout_seconds = 60) {
    DeviceRanks ranks;
    ranks.world = Everybody().world();
    ranks.ranks.resize(Size());
    std::iota(ranks.ranks.begin(), ranks.ranks.end(), 0);
    ranks.mpi = &TestWorld();
    ranks.waits.timeout_seconds = timeout_seconds;
    ranks.waits.rank_lost = &rank_lost_;
    auto group = DeviceGroup::Join("the devices", ranks, [&] {
      return std::make_unique<FileCommunicator>(folder_, ranks.world, &outside_);
    });
    ASSERT_TRUE(group.ok()) << group.status();
    group_ = *std::move(group);
  }

  // A barrier without MPI, so that meanwhile this rank is at work.
  void Meet() {
    if (Rank() > 0) {
      Pass(0);
      Receive(1);
    } else {
      Receive(Size() - 1);
      for (int rank = 1; rank < Size(); ++rank) Pass(rank);
    }
  }

 private:
  std::string Fifo(int rank) const { return absl::StrCat(folder_, "/fifo", rank); }
  void Receive(int count) {
    const int fifo = open(Fifo(Rank()).c_str(), O_RDWR);  // so that it never ends
    for (char byte; count > 0 && read(fifo, &byte, 1) == 1;) --count;
    close(fifo);
  }
  void Pass(int rank) {
    const int fifo = open(Fifo(rank).c_str(), O_WRONLY);
    EXPECT_EQ(write(fifo, "x", 1), 1);
    close(fifo);
  }

 protected:
  std::string folder_;
  std::atomic<bool> rank_lost_ = false;
  FileCommunicator::Outside outside_;
  std::unique_ptr<Collectives> group_;
};

TEST_F(DeviceGroupTest, DoesWhatCollectivesDo) {
  Join();
  EXPECT_EQ(group_->world().rank, Rank());
  EXPECT_EQ(group_->world().size, Size());

  std::vector<float> gathered(2 * Size()), shard = {Rank() + 0.5f, -1.0f};
  ASSERT_TRUE(group_->AllGather("a", shard.data(), 2, gathered.data()).Wait().ok());
  for (int rank = 0; rank < Size(); ++rank) {
    EXPECT_EQ(gathered[2 * rank], rank + 0.5f);
    EXPECT_EQ(gathered[2 * rank + 1], -1.0f);
  }

  std::vector<float> full(2 * Size()), sum = {100, 200};
  for (int i = 0; i < 2 * Size(); ++i) full[i] = static_cast<float>(10 * Rank() + i);
  ASSERT_TRUE(group_->ReduceScatterAdd("a", full.data(), 2, sum.data()).Wait().ok());
  float ranks = 0;
  for (int rank = 0; rank < Size(); ++rank) ranks += static_cast<float>(10 * rank);
  EXPECT_THAT(sum, ElementsAre(100 + ranks + static_cast<float>(Size() * 2 * Rank()),
                               200 + ranks + static_cast<float>(Size() * (2 * Rank() + 1))));

  double value = 0.25;
  ASSERT_TRUE(group_->AllReduce("a", &value, 1).Wait().ok());
  EXPECT_EQ(value, 0.25 * Size());

  std::string text = Rank() == Last() ? "from the last" : "-------------";
  ASSERT_TRUE(group_->Broadcast("a", text.data(), 13, Last()).Wait().ok());
  EXPECT_EQ(text, "from the last");
  EXPECT_TRUE(group_->Barrier("a").Wait().ok());

  const CollectiveStats stats = group_->stats();
  EXPECT_EQ(stats.operations, 5);
  EXPECT_EQ(stats.bytes_sent, (Size() - 1) * (8 + 8 + 8 + (Rank() == Last() ? 13 : 0)));
}

TEST_F(DeviceGroupTest, GivesEachOperationTheMomentOfItsStart) {
  Join();
  Pending first = group_->Barrier("first"), second = group_->Barrier("second");
  EXPECT_EQ(outside_.moments, 2) << "taken by the caller, not when the operation's turn comes";
  ASSERT_TRUE(second.Wait().ok());
  EXPECT_EQ(outside_.started_after, 2);
}

TEST_F(DeviceGroupTest, NamesARankThatIsStillAtWork) {
  if (Size() == 1) GTEST_SKIP() << "needs another rank";
  Join(/*timeout_seconds=*/1);
  if (Rank() == Last()) {
    Meet();
    return;
  }
  const Status status = group_->Barrier("meet").Wait();
  Meet();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(std::string(status.message()),
            absl::StrCat("barrier no. 1 of the devices (meet): rank ", Last(),
                         " has not arrived within 1 s (resources.trainer.timeout_seconds); rank ",
                         Last(), " is at work"));
  EXPECT_EQ(outside_.aborts, 1);
  const Status later = group_->Barrier("later").Wait();
  EXPECT_EQ(later.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(later.message()), HasSubstr("after an earlier failure: barrier no. 1"));
}

TEST_F(DeviceGroupTest, NamesARankThatIsInAnotherOperation) {
  if (Size() == 1) GTEST_SKIP() << "needs another rank";
  Join(/*timeout_seconds=*/1);
  if (Rank() == Last()) {
    ASSERT_TRUE(Everybody().Barrier("elsewhere").Wait().ok());
    return;
  }
  const Status status = group_->Barrier("meet").Wait();
  ASSERT_TRUE(Everybody().Barrier("elsewhere").Wait().ok());
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("(meet): rank ", Last(), " has not arrived within 1 s")));
  EXPECT_THAT(std::string(status.message()), HasSubstr("(elsewhere)"));
}

// What a rank has said of an earlier moment is no answer to a new question.
TEST_F(DeviceGroupTest, ARollCallWaitsForAnswersToItsOwnQuestion) {
  if (Size() == 1) GTEST_SKIP() << "needs another rank";
  Join(/*timeout_seconds=*/1);
  if (Rank() == 0) {
    // The others hear of this, and say that they are in "elsewhere".
    EXPECT_THAT(std::string(group_->Barrier("meet").Wait().message()), HasSubstr("(elsewhere)"));
  }
  ASSERT_TRUE(Everybody().Barrier("elsewhere").Wait().ok());
  if (Rank() == 0) {
    std::vector<int> others(Size() - 1);
    std::iota(others.begin(), others.end(), 1);
    const auto text = TestWorld().CallRoll({"a second question", others}, "");
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_THAT(*text, HasSubstr("rank 1 is at work"));
    EXPECT_THAT(*text, Not(HasSubstr("(elsewhere)")));
  }
  Meet();
}

TEST_F(DeviceGroupTest, SaysWhenAllRanksAreThereAndTheDevicesHang) {
  Join(/*timeout_seconds=*/1);
  outside_.hangs = true;
  const Status status = group_->Barrier("meet").Wait();
  Meet();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(std::string(status.message()),
            "barrier no. 1 of the devices (meet): not done within 1 s "
            "(resources.trainer.timeout_seconds), but all ranks are in it");
  EXPECT_EQ(outside_.aborts, 1);
}

TEST_F(DeviceGroupTest, EndsAnOperationWhenARankIsLost) {
  if (Size() == 1) GTEST_SKIP() << "needs another rank";
  Join();
  Pending meet;
  if (Rank() < Last()) meet = group_->Barrier("meet");
  Meet();
  rank_lost_ = true;
  const Status status = meet.Wait();
  Meet();
  if (Rank() == Last()) return;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("a rank is gone; barrier no. 1 of the devices (meet): rank ",
                                     Last(), " has not arrived")));
  EXPECT_EQ(outside_.aborts, 1);
}

TEST_F(DeviceGroupTest, AbortsAfterAnErrorOfTheCommunicator) {
  Join();
  outside_.fails = true;
  const Status status = group_->Barrier("meet").Wait();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the device is broken; barrier no. 1 of the devices (meet): "));
  EXPECT_EQ(outside_.aborts, 1);
}

TEST_F(DeviceGroupTest, AWorldOfOneNeedsNoMpi) {
  DeviceRanks ranks;
  ranks.ranks = {0};
  ranks.waits.timeout_seconds = 0.1;
  const std::string own = absl::StrCat(folder_, "/own", Rank());
  ASSERT_TRUE(std::filesystem::create_directory(own));
  auto group = DeviceGroup::Join("one device", ranks, [&] {
    return std::make_unique<FileCommunicator>(own, World(), &outside_);
  });
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_TRUE((*group)->Barrier("a").Wait().ok());
  outside_.hangs = true;
  EXPECT_THAT(std::string((*group)->Barrier("a").Wait().message()), HasSubstr("barrier no. 2"));
}

TEST_F(DeviceGroupTest, SaysWhyItCannotBeJoined) {
  DeviceRanks ranks;
  ranks.ranks = {0};
  const auto group =
      DeviceGroup::Join("one device", ranks, []() -> StatusOr<std::unique_ptr<Communicator>> {
        return absl::NotFoundError("there is no device");
      });
  EXPECT_EQ(group.status(), absl::NotFoundError("joining one device: there is no device"));
}

}  // namespace
}  // namespace hone
