#include "model/weights.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::Each;

ModelConfig SmallConfig() { return ConfigFromInit(ModelInit{}, 320, 256); }

double Deviation(absl::Span<const float> values) {
  double sum = 0, squares = 0;
  for (const float v : values) {
    sum += v;
    squares += double{v} * v;
  }
  const double mean = sum / values.size();
  return std::sqrt(squares / values.size() - mean * mean);
}

TEST(Weights, LieInOneBuffer) {
  const ModelConfig config = SmallConfig();
  Weights weights(config);
  EXPECT_EQ(static_cast<int64_t>(weights.flat().size()), NumParameters(config));
  EXPECT_THAT(weights.flat(), Each(0.0f));
  for (size_t i = 0; i < weights.specs().size(); ++i) {
    weights.tensor(i)[0] = static_cast<float>(i + 1);
    EXPECT_EQ(weights.flat()[weights.offset(i)], static_cast<float>(i + 1));
    EXPECT_EQ(std::as_const(weights).tensor(weights.specs()[i].name).data(),
              weights.tensor(i).data());
  }
  EXPECT_DEATH(std::as_const(weights).tensor("model.none"), "model.none");
}

TEST(InitWeights, HasTheDocumentedDistribution) {
  const ModelConfig config = SmallConfig();
  const Weights weights = InitWeights(config, 0.02, 7);
  EXPECT_THAT(weights.tensor("model.norm.weight"), Each(1.0f));
  EXPECT_THAT(weights.tensor("model.layers.0.self_attn.q_norm.weight"), Each(1.0f));
  EXPECT_NEAR(Deviation(weights.tensor("model.embed_tokens.weight")), 0.02, 0.0003);
  EXPECT_NEAR(Deviation(weights.tensor("model.layers.3.mlp.up_proj.weight")), 0.02, 0.0003);
  const double residual = 0.02 / std::sqrt(8.0);
  EXPECT_NEAR(Deviation(weights.tensor("model.layers.3.mlp.down_proj.weight")), residual, 0.0001);
  EXPECT_NEAR(Deviation(weights.tensor("model.layers.0.self_attn.o_proj.weight")), residual,
              0.0001);
  // A normal has 68.27 % within one deviation, 4.55 % outside two, 0.27 % outside three.
  const auto values = weights.tensor("model.embed_tokens.weight");
  const auto outside = [&](double deviations) {
    return std::count_if(values.begin(), values.end(),
                         [&](float v) { return std::fabs(v) > deviations * 0.02; }) /
           static_cast<double>(values.size());
  };
  EXPECT_NEAR(outside(1), 0.3173, 0.01);
  EXPECT_NEAR(outside(2), 0.0455, 0.004);
  EXPECT_NEAR(outside(3), 0.0027, 0.001);
}

TEST(InitWeights, IsAFunctionOfTheSeed) {
  const ModelConfig config = SmallConfig();
  const Weights a = InitWeights(config, 0.02, 7), b = InitWeights(config, 0.02, 7);
  const Weights c = InitWeights(config, 0.02, 8);
  EXPECT_TRUE(std::equal(a.flat().begin(), a.flat().end(), b.flat().begin()));
  EXPECT_NE(a.flat()[0], c.flat()[0]);
  // Tensors of equal shape differ.
  EXPECT_NE(a.tensor("model.layers.0.mlp.up_proj.weight")[0],
            a.tensor("model.layers.1.mlp.up_proj.weight")[0]);
  // The bits themselves: they may not change with the compiler, libm or the machine.
  const absl::string_view bytes(reinterpret_cast<const char*>(a.flat().data()),
                                a.flat().size() * sizeof(float));
  EXPECT_EQ(Sha256Hex(bytes), "511934f28a05a2b6783dd65996201f0290165e72cb6d6ceff7c8715db94d24c0");
}

}  // namespace
}  // namespace hone
