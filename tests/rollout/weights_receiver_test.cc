#include "rollout/weights_receiver.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/weights_publisher.h"
#include "gtest/gtest.h"
#include "model/safetensors.h"
#include "tests/rollout/engine/models.h"

namespace hone {
namespace {

std::vector<NamedTensor> Tensors(const Weights& weights) {
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : weights.specs()) {
    tensors.push_back({.name = spec.name, .dtype = DType::kF32, .shape = spec.shape});
  }
  return tensors;
}

std::string Header(const Weights& weights, const std::vector<NamedTensor>& tensors) {
  return MakeSafetensorsHeader(tensors, {{"config", ModelConfigToJson(weights.config())}});
}

std::string Header(const Weights& weights) { return Header(weights, Tensors(weights)); }

absl::string_view Bytes(const Weights& weights) {
  const absl::Span<const float> flat = weights.flat();
  return {reinterpret_cast<const char*>(flat.data()), flat.size() * sizeof(float)};
}

class WeightsReceiverTest : public ::testing::Test {
 protected:
  // `weights` on as many ranks as there are publishers, in pieces that alternate between them.
  proto::WeightsManifest Publish(const Weights& weights) {
    proto::WeightsManifest manifest;
    manifest.set_header(Header(weights));
    constexpr int64_t kPiece = 1234;
    const auto size = static_cast<int64_t>(weights.flat().size());
    const auto count = static_cast<int64_t>(publishers_.size());
    for (int64_t rank = 0; rank < count; ++rank) {
      std::vector<WeightsShard> shards;
      for (int64_t begin = rank * kPiece; begin < size; begin += count * kPiece) {
        shards.push_back({begin, weights.flat().subspan(begin, kPiece)});
      }
      const StatusOr<WeightsSource> source = publishers_[rank]->Publish(kVersion, shards);
      EXPECT_TRUE(source.ok()) << source.status();
      *manifest.add_sources() = ToProto(*source);
    }
    return manifest;
  }

  StatusOr<ReceivedWeights> Receive(const proto::WeightsManifest& manifest,
                                    const WeightsFetchOptions& options = {}) {
    // Unavailable is for the caller to ask again, as a worker does: gRPC now and then gives up on a
    // connection to a server that is there.
    StatusOr<ReceivedWeights> received = ReceiveWeights(kVersion, manifest, options, stop_);
    for (int i = 0; i < 3 && absl::IsUnavailable(received.status()); ++i) {
      received = ReceiveWeights(kVersion, manifest, options, stop_);
    }
    return received;
  }
  bool Refuses(const proto::WeightsManifest& manifest) {
    return absl::IsInvalidArgument(Receive(manifest).status());
  }

  static constexpr uint64_t kVersion = 5;
  std::vector<std::unique_ptr<WeightsPublisher>> publishers_ = [] {
    std::vector<std::unique_ptr<WeightsPublisher>> publishers;
    for (int i = 0; i < 3; ++i) publishers.push_back(*WeightsPublisher::Start("127.0.0.1:0"));
    return publishers;
  }();
  const std::atomic<bool> stop_{false};
};

TEST_F(WeightsReceiverTest, PutsTheShardsTogether) {
  const Weights weights = SmallModel(/*tied=*/false);
  const proto::WeightsManifest manifest = Publish(weights);
  const auto size = static_cast<int64_t>(Bytes(weights).size());
  for (const bool same_host : {true, false}) {
    WeightsFetchOptions options;
    if (!same_host) options.host = "elsewhere";
    const StatusOr<ReceivedWeights> received = Receive(manifest, options);
    ASSERT_TRUE(received.ok()) << received.status();
    EXPECT_EQ(Bytes(received->weights), Bytes(weights));
    EXPECT_EQ(received->weights.config().vocab_size, weights.config().vocab_size);
    EXPECT_EQ(received->weights.config().eos_token_ids, weights.config().eos_token_ids);
    EXPECT_EQ(received->report.shared_bytes, same_host ? size : 0);
    EXPECT_EQ(received->report.rpc_bytes, same_host ? 0 : size);
  }
}

TEST_F(WeightsReceiverTest, RefusesSourcesThatAreNotTheWhole) {
  const proto::WeightsManifest good = Publish(SmallModel(/*tied=*/true));
  EXPECT_FALSE(Refuses(good));
  proto::WeightsManifest bad = good;
  bad.mutable_sources()->RemoveLast();
  EXPECT_TRUE(Refuses(bad));
  bad = good;
  *bad.add_sources() = good.sources(0);
  EXPECT_TRUE(Refuses(bad));
  bad = good;
  bad.mutable_sources(1)->mutable_ranges(0)->set_begin(0);
  EXPECT_TRUE(Refuses(bad));
  bad = good;
  bad.mutable_sources(1)->set_policy_version(kVersion + 1);
  EXPECT_TRUE(Refuses(bad));
  bad = good;
  bad.mutable_sources(1)->clear_address();
  EXPECT_TRUE(Refuses(bad));
  // The shape of another model.
  bad = good;
  bad.set_header(Header(SmallModel(/*tied=*/false)));
  EXPECT_TRUE(Refuses(bad));
}

TEST_F(WeightsReceiverTest, RefusesAHeaderThatIsNotTheModels) {
  const Weights weights = SmallModel(/*tied=*/false);
  proto::WeightsManifest manifest = Publish(weights);
  const auto refused = [&](const std::string& header) {
    manifest.set_header(header);
    return Refuses(manifest);
  };
  const std::vector<NamedTensor> good = Tensors(weights);
  EXPECT_FALSE(refused(Header(weights, good)));
  EXPECT_TRUE(refused("nonsense"));
  EXPECT_TRUE(refused("[]"));
  EXPECT_TRUE(refused(MakeSafetensorsHeader(good, {})));
  EXPECT_TRUE(refused(MakeSafetensorsHeader(good, {{"config", "{}"}})));
  std::vector<NamedTensor> bad = good;
  bad.pop_back();
  EXPECT_TRUE(refused(Header(weights, bad)));
  bad = good;
  bad[1].name += "x";
  EXPECT_TRUE(refused(Header(weights, bad)));
  bad = good;
  std::swap(bad[0].shape[0], bad[0].shape[1]);
  EXPECT_TRUE(refused(Header(weights, bad)));
  bad = good;  // another order: the bytes would land in the wrong tensors
  std::reverse(bad.begin(), bad.end());
  EXPECT_TRUE(refused(Header(weights, bad)));
  bad = good;
  bad[0].dtype = DType::kBF16;
  EXPECT_TRUE(refused(Header(weights, bad)));
}

}  // namespace
}  // namespace hone
