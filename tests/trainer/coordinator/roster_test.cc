#include "trainer/coordinator/roster.h"

#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(Roster, LeavesAServiceAloneForLongerWithEachFailureInARow) {
  Roster roster(absl::Seconds(1000));
  absl::Time now = absl::UnixEpoch();
  roster.Join("reward-0", MemberRole::kReward, "127.0.0.1:1", now);
  const absl::Duration moment = absl::Milliseconds(1), pause = absl::Seconds(2);
  for (const int pauses : {1, 2, 4, 8, 8}) {
    EXPECT_EQ(roster.LeastBusyService(now), "reward-0");
    roster.EndCall("reward-0", /*failed=*/true, now, pause);
    EXPECT_EQ(roster.NextReturn(now), now + pauses * pause);
    now += pauses * pause;
    EXPECT_EQ(roster.LeastBusyService(now - moment), "");
  }
  roster.EndCall("reward-0", /*failed=*/false, now, pause);
  EXPECT_EQ(roster.LeastBusyService(now), "reward-0");
  roster.EndCall("reward-0", /*failed=*/true, now, pause);
  EXPECT_EQ(roster.NextReturn(now), now + pause);
  roster.EndCall("who?", /*failed=*/true, now, pause);  // was forgotten meanwhile
}

TEST(Roster, AsksTheServiceWithTheFewestCallsInFlight) {
  Roster roster(absl::Seconds(1000));
  const absl::Time now = absl::UnixEpoch();
  roster.Join("reward-0", MemberRole::kReward, "127.0.0.1:1", now);
  roster.Join("reward-1", MemberRole::kReward, "127.0.0.1:2", now);
  roster.Join("rollout-0", MemberRole::kRollout, "", now);
  roster.Find("reward-0")->calls_in_flight = 2;
  roster.Find("reward-1")->calls_in_flight = 1;
  EXPECT_EQ(roster.LeastBusyService(now), "reward-1");
  for (int i = 0; i < 2; ++i) roster.EndCall("reward-0", false, now, absl::Seconds(1));
  EXPECT_EQ(roster.LeastBusyService(now), "reward-0");
}

}  // namespace
}  // namespace hone
