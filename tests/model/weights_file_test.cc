#include "model/weights_file.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class WeightsFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base_ = ::testing::TempDir() + "/weights_file_" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(base_);
    ASSERT_TRUE(MakeFolder(base_ + "/model").ok());
  }
  void TearDown() override { fs::remove_all(base_); }

  static ModelConfig Config(bool tied, const char* architecture = "qwen2") {
    ModelInit init;
    init.architecture = architecture;
    init.hidden_size = 16;
    init.num_layers = 1;
    init.num_heads = init.num_kv_heads = 1;
    init.head_dim = 16;
    init.intermediate_size = 16;
    init.tie_word_embeddings = tied;
    return ConfigFromInit(init, 5, 1);
  }
  // Writes the tensors of `weights` but for `left_out`, and `more`.
  void Write(const Weights& weights, const std::string& left_out = "",
             std::vector<NamedTensor> more = {}) {
    for (size_t i = 0; i < weights.specs().size(); ++i) {
      const TensorSpec& spec = weights.specs()[i];
      if (spec.name == left_out) continue;
      more.push_back({spec.name, DType::kF32, spec.shape, weights.tensor(i).data()});
    }
    ASSERT_TRUE(WriteSafetensors(base_ + "/model/model.safetensors", more, {}).ok());
  }
  StatusOr<Weights> Load(const ModelConfig& config) {
    return LoadWeights(base_ + "/model", config);
  }

  std::string base_;
};

constexpr char kEmbedding[] = "model.embed_tokens.weight";

TEST_F(WeightsFileTest, ATiedHeadMayBeStoredAgain) {
  const Weights weights = InitWeights(Config(true), 0.02, 1);
  const auto embedding = weights.tensor(kEmbedding);
  Write(weights, "", {{"lm_head.weight", DType::kF32, {5, 16}, embedding.data()}});
  auto loaded = Load(Config(true));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->config().tie_word_embeddings);
  EXPECT_THAT(loaded->flat(), ElementsAreArray(weights.flat()));

  // A head of its own is used, as transformers does it.
  std::vector<float> head(embedding.begin(), embedding.end());
  head[7] += 1;
  Write(weights, "", {{"lm_head.weight", DType::kF32, {5, 16}, head.data()}});
  loaded = Load(Config(true));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_FALSE(loaded->config().tie_word_embeddings);
  EXPECT_THAT(loaded->tensor("lm_head.weight"), ElementsAreArray(head));

  // The head alone is the embedding too.
  Write(weights, kEmbedding, {{"lm_head.weight", DType::kF32, {5, 16}, head.data()}});
  loaded = Load(Config(true));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->config().tie_word_embeddings);
  EXPECT_THAT(loaded->tensor(kEmbedding), ElementsAreArray(head));
  EXPECT_THAT(std::string(Load(Config(false)).status().message()),
              AllOf(HasSubstr(kEmbedding), HasSubstr("is missing")));

  Write(weights, "", {{"lm_head.weight", DType::kF32, {16, 5}, head.data()}});
  EXPECT_THAT(std::string(Load(Config(true)).status().message()),
              AllOf(HasSubstr("lm_head.weight"), HasSubstr("[16, 5]"), HasSubstr("[5, 16]")));
}

TEST_F(WeightsFileTest, OldRotaryBuffersArePassedOverAndNothingElse) {
  const Weights weights = InitWeights(Config(true), 0.02, 1);
  const std::vector<double> buffer(8, 1.0);
  Write(weights, "",
        {{"model.layers.0.self_attn.rotary_emb.inv_freq", DType::kF64, {8}, buffer.data()}});
  EXPECT_TRUE(Load(Config(true)).ok());
  Write(weights, "", {{"model.layers.0.self_attn.q_proj.scale", DType::kF64, {8}, buffer.data()}});
  EXPECT_THAT(std::string(Load(Config(true)).status().message()),
              AllOf(HasSubstr("model.safetensors"), HasSubstr("q_proj.scale")));
  // Biases of another family: surplus here, missing there.
  Write(weights);
  EXPECT_THAT(std::string(Load(Config(true, "llama")).status().message()),
              AllOf(HasSubstr("_proj.bias"), HasSubstr("none of this model")));
  Write(InitWeights(Config(true, "llama"), 0.02, 1));
  EXPECT_THAT(std::string(Load(Config(true)).status().message()),
              AllOf(HasSubstr("q_proj.bias"), HasSubstr("is missing")));
}

TEST_F(WeightsFileTest, WritesEachTensorInItsType) {
  const Weights weights = InitWeights(Config(false), 0.02, 1);
  WeightsFormat format{{}, {{"format", "pt"}, {"key", "value"}}};
  for (size_t i = 0; i < weights.specs().size(); ++i) {
    format.dtypes.push_back(std::array{DType::kF32, DType::kBF16, DType::kF16}[i % 3]);
  }
  ASSERT_TRUE(WriteWeights(base_ + "/model/model.safetensors", weights, format).ok());
  WeightsFormat read;
  const auto loaded = LoadWeights(base_ + "/model", weights.config(), &read);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(read.dtypes, format.dtypes);
  EXPECT_EQ(read.metadata, format.metadata);
  for (size_t i = 0; i < loaded->flat().size(); ++i) {
    EXPECT_NEAR(loaded->flat()[i], weights.flat()[i], std::abs(weights.flat()[i]) * 0x1p-8);
  }
  EXPECT_THAT(loaded->tensor(0), ElementsAreArray(weights.tensor(0)));
}

}  // namespace
}  // namespace hone
