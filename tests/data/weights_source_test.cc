#include "data/weights_source.h"

#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

WeightsSource MakeSource(std::vector<WeightsRange> ranges) {
  return {.policy_version = 3,
          .nonce = 0xfedcba9876543210,
          .address = "10.0.0.7:4711",
          .host = "boot/name",
          .pid = 4000000,
          .fd = 0,
          .ranges = std::move(ranges)};
}

TEST(WeightsSource, GoesOverTheWire) {
  const WeightsSource source = MakeSource({{0, 5}, {int64_t{1} << 40, int64_t{1} << 41}});
  proto::WeightsSource message;
  ASSERT_TRUE(message.ParseFromString(ToProto(source).SerializeAsString()));
  const StatusOr<WeightsSource> back = FromProto(message);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->policy_version, source.policy_version);
  EXPECT_EQ(back->nonce, source.nonce);
  EXPECT_EQ(back->address, source.address);
  EXPECT_EQ(back->host, source.host);
  EXPECT_EQ(back->pid, source.pid);
  EXPECT_EQ(back->fd, source.fd);
  ASSERT_EQ(back->ranges.size(), 2u);
  EXPECT_EQ(back->ranges[1].begin, source.ranges[1].begin);
  EXPECT_EQ(back->ranges[1].count, source.ranges[1].count);
  EXPECT_EQ(back->num_bytes(), 4 * (5 + (int64_t{1} << 41)));
}

TEST(WeightsSource, RefusesWhatMakesNoSense) {
  const proto::WeightsSource good = ToProto(MakeSource({{0, 5}}));
  EXPECT_TRUE(FromProto(good).ok());
  const auto refused = [&](auto change) {
    proto::WeightsSource bad = good;
    change(&bad);
    return absl::IsInvalidArgument(FromProto(bad).status());
  };
  EXPECT_TRUE(refused([](proto::WeightsSource* m) { m->clear_address(); }));
  EXPECT_TRUE(refused([](proto::WeightsSource* m) { m->set_pid(0); }));
  EXPECT_TRUE(refused([](proto::WeightsSource* m) { m->set_fd(-1); }));
  EXPECT_TRUE(refused([](proto::WeightsSource* m) { m->mutable_ranges(0)->set_begin(-1); }));
  EXPECT_TRUE(refused([](proto::WeightsSource* m) { m->mutable_ranges(0)->set_begin(kMax); }));
  EXPECT_TRUE(refused([](proto::WeightsSource* m) { m->mutable_ranges(0)->set_count(0); }));
  EXPECT_TRUE(refused([](proto::WeightsSource* m) { m->mutable_ranges(0)->set_count(-5); }));
  EXPECT_TRUE(refused([](proto::WeightsSource* m) { m->mutable_ranges(0)->set_count(kMax); }));
  // Each possible by itself, but not together.
  EXPECT_TRUE(refused([](proto::WeightsSource* m) {
    m->mutable_ranges(0)->set_count(kMax / 64);
    m->add_ranges()->set_count(kMax / 64);
  }));
}

TEST(WeightsSource, RangesMustCoverTheWhole) {
  const auto check = [](const std::vector<std::vector<WeightsRange>>& ranges, int64_t size) {
    std::vector<WeightsSource> sources;
    for (const std::vector<WeightsRange>& of_source : ranges) {
      sources.push_back(MakeSource(of_source));
    }
    return CheckTiling(sources, size);
  };
  EXPECT_TRUE(check({{{0, 7}}}, 7).ok());
  EXPECT_TRUE(check({{{0, 2}, {4, 1}}, {{2, 2}, {5, 2}}, {}}, 7).ok());
  EXPECT_TRUE(check({{{4, 3}, {0, 2}}, {{2, 2}}}, 7).ok());  // in any order
  EXPECT_TRUE(check({}, 0).ok());
  EXPECT_THAT(check({{{0, 6}}}, 7).message(), HasSubstr("6 floats"));
  EXPECT_THAT(check({{{0, 8}}}, 7).message(), HasSubstr("8 floats"));
  EXPECT_THAT(check({{{0, 3}}, {{4, 3}}}, 7).message(), HasSubstr("gap at float 3"));
  EXPECT_THAT(check({{{0, 4}}, {{3, 4}}}, 7).message(), HasSubstr("overlap at float 3"));
  EXPECT_FALSE(check({{{1, 6}}}, 7).ok());
  EXPECT_FALSE(check({{{0, 7}}, {{0, 7}}}, 7).ok());
  // A gap and an overlap of the same size, so that the sum is right.
  EXPECT_FALSE(check({{{0, 3}}, {{2, 2}}, {{5, 2}}}, 7).ok());
  EXPECT_FALSE(check({}, 7).ok());
}

}  // namespace
}  // namespace hone
