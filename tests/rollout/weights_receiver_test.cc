#include "rollout/weights_receiver.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/safetensors.h"
#include "tests/rollout/engine/models.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

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

TEST(WeightsReceiver, PutsChunksOfAnySizeTogether) {
  const Weights weights = SmallModel(/*tied=*/false);
  for (const size_t chunk_bytes : {size_t{997}, size_t{4096}, Bytes(weights).size()}) {
    WeightsReceiver receiver;
    ASSERT_TRUE(receiver.Add(Header(weights), "").ok());
    for (size_t begin = 0; begin < Bytes(weights).size(); begin += chunk_bytes) {
      ASSERT_TRUE(receiver.Add("", Bytes(weights).substr(begin, chunk_bytes)).ok());
    }
    const StatusOr<Weights> received = std::move(receiver).Finish();
    ASSERT_TRUE(received.ok()) << received.status();
    EXPECT_EQ(Bytes(*received), Bytes(weights));
    EXPECT_EQ(received->config().vocab_size, weights.config().vocab_size);
    EXPECT_EQ(received->config().eos_token_ids, weights.config().eos_token_ids);
  }
}

TEST(WeightsReceiver, BeginsAnewWithEachHeader) {
  const Weights weights = SmallModel(/*tied=*/true);
  WeightsReceiver receiver;
  ASSERT_TRUE(receiver.Add(Header(weights), Bytes(weights).substr(0, 1000)).ok());
  ASSERT_TRUE(receiver.Add(Header(weights), Bytes(weights)).ok());
  const StatusOr<Weights> received = std::move(receiver).Finish();
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(Bytes(*received), Bytes(weights));
}

TEST(WeightsReceiver, RefusesTooLittleAndTooMuch) {
  const Weights weights = SmallModel(/*tied=*/true);
  EXPECT_FALSE(WeightsReceiver().Finish().ok());
  EXPECT_FALSE(WeightsReceiver().Add("", "data").ok());
  WeightsReceiver cut;
  ASSERT_TRUE(cut.Add(Header(weights), Bytes(weights).substr(4)).ok());
  EXPECT_THAT(std::move(cut).Finish().status().message(), HasSubstr("ended after"));
  WeightsReceiver long_one;
  ASSERT_TRUE(long_one.Add(Header(weights), Bytes(weights)).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(long_one.Add("", "x")));
}

TEST(WeightsReceiver, RefusesAHeaderThatIsNotTheModels) {
  const Weights weights = SmallModel(/*tied=*/false);
  const auto refused = [&](const std::string& header) {
    return absl::IsInvalidArgument(WeightsReceiver().Add(header, ""));
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
