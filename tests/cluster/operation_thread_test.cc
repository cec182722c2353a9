#include "cluster/operation_thread.h"

#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(OperationThread, RunsInOrderAndEndsWhenAllIsDone) {
  std::vector<int> order;
  {
    OperationThread thread({.end = [&](const Status& broken) { order.push_back(broken.ok()); }});
    std::vector<Pending> pending;
    for (const int i : {10, 20, 30}) {
      pending.push_back(thread.Enqueue(
          [&order, i] {
            order.push_back(i);
            return absl::OkStatus();
          },
          {}, {}));
    }
  }
  EXPECT_THAT(order, ElementsAre(10, 20, 30, 1));
}

TEST(OperationThread, RunsNothingAfterAFailure) {
  bool ran = false;
  Status at_end;
  {
    OperationThread thread({.end = [&](const Status& broken) { at_end = broken; }});
    EXPECT_EQ(thread.RunNow([] { return absl::AbortedError("first"); }).message(), "first");
    const Status second = thread.RunNow([&] {
      ran = true;
      return absl::OkStatus();
    });
    EXPECT_EQ(second.code(), absl::StatusCode::kAborted);
    EXPECT_THAT(second.message(), HasSubstr("after an earlier failure: first"));
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(at_end.message(), "first");
}

TEST(OperationThread, TellsHowLongThingsTook) {
  double finished = -1, waited = -1;
  OperationThread thread({});
  EXPECT_TRUE(thread
                  .Enqueue([] { return absl::OkStatus(); }, [&](double s) { finished = s; },
                           [&](double s) { waited = s; })
                  .Wait()
                  .ok());
  EXPECT_GE(finished, 0);
  EXPECT_GE(waited, 0);
}

TEST(OperationThread, IsIdleBetweenOperations) {
  absl::Notification idle;
  OperationThread thread({.idle =
                              [&] {
                                if (!idle.HasBeenNotified()) idle.Notify();
                              },
                          .idle_every = absl::Milliseconds(1)});
  EXPECT_TRUE(idle.WaitForNotificationWithTimeout(absl::Seconds(30)));
  EXPECT_TRUE(thread.RunNow([] { return absl::OkStatus(); }).ok());
}

}  // namespace
}  // namespace hone
