// The protocol of WeightsServer, as any client sees it.
#include "cluster/weights_publisher.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "cluster/rpc.h"
#include "cluster/weights_service.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/hone.grpc.pb.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Answer {
  Status status;
  std::string bytes;
  int num_chunks = 0;
};

Answer Read(const std::string& address, const proto::ReadWeightsRequest& request) {
  const auto stub = proto::WeightsServer::NewStub(MakeRpcChannel(address));
  grpc::ClientContext context;
  SetDeadline(&context, 60);
  const auto reader = stub->Read(&context, request);
  Answer answer;
  for (proto::WeightsChunk chunk; reader->Read(&chunk); ++answer.num_chunks) {
    EXPECT_LE(chunk.data().size(), static_cast<size_t>(kWeightsChunkBytes));
    answer.bytes += chunk.data();
  }
  answer.status = FromGrpc(reader->Finish());
  return answer;
}

proto::ReadWeightsRequest Request(const WeightsSource& source, int64_t begin, int64_t size) {
  proto::ReadWeightsRequest request;
  request.set_policy_version(source.policy_version);
  request.set_nonce(source.nonce);
  request.set_begin_byte(begin);
  request.set_num_bytes(size);
  return request;
}

class WeightsPublisherTest : public ::testing::Test {
 protected:
  WeightsPublisherTest() : publisher_(*WeightsPublisher::Start("127.0.0.1:0")) {
    for (size_t i = 0; i < values_.size(); ++i) values_[i] = static_cast<float>(i);
  }
  std::string Bytes() const {
    return {reinterpret_cast<const char*>(values_.data()), values_.size() * sizeof(float)};
  }

  std::vector<float> values_ = std::vector<float>(600'000);  // 2.4 MB
  std::unique_ptr<WeightsPublisher> publisher_;
};

TEST_F(WeightsPublisherTest, StreamsWhatIsAskedForInChunks) {
  const WeightsSource source = *publisher_->Publish(3, {{0, values_}});
  Answer answer = Read(source.address, Request(source, 0, source.num_bytes()));
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.num_chunks, 3);
  EXPECT_EQ(answer.bytes, Bytes());
  answer = Read(source.address, Request(source, 1001, 77));
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.bytes, Bytes().substr(1001, 77));
  answer = Read(source.address, Request(source, source.num_bytes(), 0));
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.bytes, "");
}

TEST_F(WeightsPublisherTest, AdvertisesWhereOtherHostsReachIt) {
  // All of 127.0.0.0/8 is this machine, but a server on 127.0.0.1 does not answer at 127.0.0.2.
  const auto open = *WeightsPublisher::Start("0.0.0.0:0", "127.0.0.2");
  const WeightsSource source = *open->Publish(3, {{0, values_}});
  EXPECT_THAT(source.address, StartsWith("127.0.0.2:"));
  const Answer answer = Read(source.address, Request(source, 0, source.num_bytes()));
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.bytes, Bytes());
}

TEST(AdvertisedAddress, IsTheHostOrItsName) {
  char name[256] = {};
  ASSERT_EQ(gethostname(name, sizeof(name) - 1), 0);
  EXPECT_EQ(AdvertisedAddress("127.0.0.1:7", ""), "127.0.0.1:7");
  EXPECT_EQ(AdvertisedAddress("127.0.0.1:7", "node-3"), "node-3:7");
  EXPECT_EQ(AdvertisedAddress("0.0.0.0:7", ""), std::string(name) + ":7");
  EXPECT_EQ(AdvertisedAddress("[::]:7", ""), std::string(name) + ":7");
  EXPECT_EQ(AdvertisedAddress("0.0.0.0:7", "10.0.0.4"), "10.0.0.4:7");
}

TEST_F(WeightsPublisherTest, GivesNothingElse) {
  const WeightsSource source = *publisher_->Publish(3, {{0, values_}});
  const int64_t size = source.num_bytes();
  const auto code = [&](const proto::ReadWeightsRequest& request) {
    const Answer answer = Read(source.address, request);
    EXPECT_EQ(answer.bytes, "");
    return answer.status.code();
  };
  EXPECT_EQ(code(Request(source, 0, size + 1)), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code(Request(source, size, 1)), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code(Request(source, -1, 1)), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code(Request(source, 0, -1)), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code(Request(source, INT64_MAX, INT64_MAX)), absl::StatusCode::kOutOfRange);
  proto::ReadWeightsRequest other = Request(source, 0, 1);
  other.set_nonce(other.nonce() + 1);
  EXPECT_EQ(code(other), absl::StatusCode::kNotFound);
  other = Request(source, 0, 1);
  other.set_policy_version(4);
  EXPECT_EQ(code(other), absl::StatusCode::kNotFound);
}

TEST_F(WeightsPublisherTest, KeepsOnlyTheNewest) {
  const WeightsSource old = *publisher_->Publish(3, {{0, values_}});
  // The same version again is another publication: of other weights, for all that anyone knows.
  const WeightsSource current = *publisher_->Publish(3, {{0, values_}});
  EXPECT_NE(old.nonce, current.nonce);
  EXPECT_TRUE(absl::IsNotFound(Read(old.address, Request(old, 0, 1)).status));
  EXPECT_TRUE(absl::IsNotFound(SharedWeights::Open(old).status()));
  EXPECT_EQ(Read(current.address, Request(current, 0, 1)).bytes.size(), 1u);
  EXPECT_TRUE(SharedWeights::Open(current).ok());
  publisher_.reset();
  EXPECT_TRUE(absl::IsNotFound(SharedWeights::Open(current).status()));
}

TEST_F(WeightsPublisherTest, AnAddressInUseIsAnErrorThatNamesIt) {
  const WeightsSource source = *publisher_->Publish(3, {{0, values_}});
  const Status status = WeightsPublisher::Start(source.address).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(source.address));
}

}  // namespace
}  // namespace hone
