#include "trainer/learner/learner.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/hf_folder.h"
#include "model/safetensors.h"
#include "nlohmann/json.hpp"
#include "rollout/engine/engine.h"
#include "tests/kernels/numbers.h"
#include "tests/rollout/engine/models.h"
#include "tests/trainer/sequences.h"
#include "trainer/algorithm/aggregation.h"
#include "trainer/algorithm/loss.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

// Every weight's gradient against the tensor of its name in a file.
void ExpectGradient(const Weights& weights, const std::vector<float>& gradient,
                    const std::string& path) {
  const auto expected = SafetensorsFile::Open(path);
  ASSERT_TRUE(expected.ok()) << expected.status();
  for (size_t i = 0; i < weights.specs().size(); ++i) {
    const std::string& name = weights.specs()[i].name;
    const auto bytes = expected->Bytes(expected->header().tensors.at(name));
    std::vector<float> wanted(bytes.size() / sizeof(float));
    std::memcpy(wanted.data(), bytes.data(), bytes.size());
    // fp32 against fp64: relative to the tensor's largest element.
    float largest = 0;
    for (const float x : wanted) largest = std::max(largest, std::abs(x));
    ASSERT_GT(largest, 0) << name;
    for (size_t j = 0; j < wanted.size(); ++j) {
      ASSERT_NEAR(gradient[weights.offset(static_cast<int>(i)) + static_cast<int64_t>(j)],
                  wanted[j], 1e-5 * largest)
          << name << "[" << j << "]";
    }
  }
}

class LearnerTest : public testing::Test {
 protected:
  std::vector<float> Gradient(const Weights& weights, const LearnerOptions& options,
                              const std::vector<TrainSequence>& sequences) {
    Learner learner(weights, options);
    learner.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
    return learner.Gradient();
  }
};

// What an engine sampled, as sequences for the learner.
struct Sampled {
  std::vector<TrainSequence> sequences;
  std::vector<std::vector<float>> logprobs;
};

Sampled SampleSome(const Weights& weights, float temperature, Precision precision) {
  EngineOptions options;
  options.max_sequences = 5;
  options.decoder.precision = precision;
  Engine engine(weights.config(), options);
  engine.SetWeights(weights);
  std::vector<std::vector<int32_t>> prompts;
  for (int i = 0; i < 6; ++i) {
    prompts.emplace_back(3 + 9 * i, 7 * i + 1);
    SamplingParams sampling;
    sampling.temperature = temperature;
    sampling.top_p = i == 2 ? 0.7f : 1.0f;
    sampling.max_tokens = 30 + 10 * i;
    sampling.seed = 9;
    EXPECT_TRUE(engine.Add({static_cast<uint64_t>(i), prompts.back(), 3, sampling}).ok());
  }
  std::vector<FinishedRequest> finished;
  while (!engine.idle()) engine.Step(&finished);

  Sampled sampled;
  for (const auto& request : finished) {
    for (const Completion& completion : request.completions) {
      TrainSequence sequence{prompts[request.prompt_id], 0};
      sequence.prompt_size = static_cast<int64_t>(sequence.tokens.size());
      sequence.tokens.insert(sequence.tokens.end(), completion.tokens.begin(),
                             completion.tokens.end());
      sampled.sequences.push_back(sequence);
      sampled.logprobs.push_back(completion.logprobs);
    }
  }
  return sampled;
}

TEST_F(LearnerTest, FindsTheVeryLogProbsThatTheEngineSampledFrom) {
  for (const bool tied : {true, false}) {
    const Weights weights = SmallModel(tied);
    for (const float temperature : {1.0f, 0.7f}) {
      const Sampled sampled = SampleSome(weights, temperature, Precision::kFloat32);
      ForEachWayToRun([&] {
        Learner learner(weights, {200, false});
        const auto found = learner.LogProbs(sampled.sequences, temperature);
        for (size_t i = 0; i < found.size(); ++i) {
          EXPECT_THAT(found[i].logprobs, ElementsAreArray(sampled.logprobs[i])) << "sequence " << i;
        }
      });
    }
  }
}

TEST_F(LearnerTest, FindsThemForEveryFamilyInBothPrecisions) {
  for (const auto& [name, config] : ModelVariants()) {
    std::vector<std::vector<float>> exact;
    for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
      SCOPED_TRACE(name);
      Weights weights = SmallModel(config);
      RoundWeights(precision, &weights);
      const Sampled sampled = SampleSome(weights, 1.0f, precision);
      ForEachWayToRun([&] {
        Learner learner(weights, {200, false, precision});
        const auto found = learner.LogProbs(sampled.sequences, 1.0f);
        for (size_t i = 0; i < found.size(); ++i) {
          EXPECT_THAT(found[i].logprobs, ElementsAreArray(sampled.logprobs[i])) << "sequence " << i;
        }
      });
      // Rounding is real: the same engine in the other precision says something else.
      EXPECT_NE(sampled.logprobs, exact);
      exact = sampled.logprobs;
    }
  }
}

TEST_F(LearnerTest, LogProbsDoNotDependOnTheMicroBatch) {
  const Weights weights = SmallModel(true);
  const auto sequences = RandomSequences(12, 1);
  Learner one(weights, {1, false}), many(weights, {100000, true});
  const auto a = one.LogProbs(sequences, 1.0f), b = many.LogProbs(sequences, 1.0f);
  for (size_t i = 0; i < sequences.size(); ++i) {
    EXPECT_THAT(a[i].logprobs, ElementsAreArray(b[i].logprobs));
    EXPECT_THAT(a[i].entropies, ElementsAreArray(b[i].entropies));
  }
}

TEST_F(LearnerTest, GradientIsTheSameWithRecomputeAndHoweverItRuns) {
  for (const auto& [name, config] : ModelVariants()) {
    SCOPED_TRACE(name);
    const Weights weights = SmallModel(config);
    const auto sequences = RandomSequences(9, 2);
    const auto first = Gradient(weights, {300, false}, sequences);
    EXPECT_THAT(Gradient(weights, {300, true}, sequences), ElementsAreArray(first));
    ForEachWayToRun([&] {
      EXPECT_THAT(Gradient(weights, {300, false}, sequences), ElementsAreArray(first));
    });
  }
}

TEST_F(LearnerTest, GradientAgreesWithDifferences) {
  for (const auto& [name, config] : ModelVariants()) {
    SCOPED_TRACE(name);
    Weights weights = SmallModel(config);
    const auto sequences = RandomSequences(3, 3);
    const auto gradient = Gradient(weights, {}, sequences);
    const auto objective = [&] {
      double sum = 0;
      for (const auto& tokens : Learner(weights, {}).LogProbs(sequences, 1.0f)) {
        for (const float x : tokens.logprobs) sum -= 0.01 * x;
        for (const float x : tokens.entropies) sum += 0.003 * x;
      }
      return sum;
    };
    for (size_t tensor = 0; tensor < weights.specs().size(); ++tensor) {
      const auto values = weights.tensor(static_cast<int>(tensor));
      const size_t i = values.size() / 2;
      constexpr float kStep = 4e-3f;
      const float at = values[i];
      values[i] = at + kStep;
      const double up = objective();
      values[i] = at - kStep;
      const double down = objective();
      values[i] = at;
      EXPECT_NEAR(gradient[weights.offset(static_cast<int>(tensor)) + static_cast<int64_t>(i)],
                  (up - down) / (2 * kStep), 2e-3)
          << weights.specs()[tensor].name;
    }
  }
}

// The forward pass rounds, the backward pass takes the rounding for the identity: so the gradient
// in bfloat16 is near the one in fp32 at the rounded weights, and not equal to it.
TEST_F(LearnerTest, GradientInBFloat16IsNearTheExactOne) {
  for (const auto& [name, config] : ModelVariants()) {
    SCOPED_TRACE(name);
    Weights weights = InitWeights(config, 0.05, 5);  // as tame as those of real models
    const auto sequences = RandomSequences(9, 2);
    const auto half = Gradient(weights, {8192, false, Precision::kBFloat16}, sequences);
    EXPECT_THAT(Gradient(weights, {8192, true, Precision::kBFloat16}, sequences),
                ElementsAreArray(half));
    RoundWeights(Precision::kBFloat16, &weights);
    const auto exact = Gradient(weights, {}, sequences);
    double difference = 0, norm = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
      difference += std::pow(half[i] - exact[i], 2);
      norm += std::pow(exact[i], 2);
    }
    // bfloat16 has 8 bits: each rounding moves a number by up to 2⁻⁹ of itself.
    EXPECT_LT(std::sqrt(difference / norm), 0.02);
    EXPECT_GT(difference, 0);
  }
}

// Goldens from transformers and PyTorch's autograd: tests/trainer/golden/make_grpo_gradient.py.
TEST_F(LearnerTest, GrpoGradientAgreesWithPyTorch) {
  const std::string folder = HONE_SOURCE_DIR "/tests/trainer/golden";
  std::ifstream file(folder + "/grpo_gradient.json");
  ASSERT_TRUE(file.good());
  const auto golden = nlohmann::json::parse(file);
  const auto config = LoadModelConfig(folder + "/tiny");
  ASSERT_TRUE(config.ok()) << config.status();
  const auto weights = LoadWeights(folder + "/tiny", *config);
  ASSERT_TRUE(weights.ok()) << weights.status();

  std::vector<TrainSequence> sequences;
  for (const auto& tokens : golden.at("sequences")) {
    sequences.push_back({tokens.get<std::vector<int32_t>>(), golden.at("prompt_size")});
  }
  const auto rows = [&](const char* key) {
    return golden.at(key).get<std::vector<std::vector<float>>>();
  };
  const auto logprobs = rows("logprobs"), old = rows("old_logprobs"), ref = rows("ref_logprobs");
  const auto advantages = golden.at("advantages").get<std::vector<double>>();
  AlgorithmSpec algorithm;
  algorithm.kl_coefficient = golden.at("kl_coefficient");
  std::vector<int64_t> lengths;
  for (const auto& sequence : sequences) lengths.push_back(sequence.loss_tokens());
  const auto loss_weights = SequenceWeights(algorithm, lengths, 0);

  Learner learner(*weights, {});
  LossTerms terms;
  learner.AccumulateGradient(sequences, golden.at("temperature").get<float>(),
                             [&](int64_t i, const TokenLogProbs& tokens,
                                 absl::Span<float> dlogprobs, absl::Span<float> dentropies) {
                               for (size_t t = 0; t < tokens.logprobs.size(); ++t) {
                                 // Logits here reach 20: half a unit in the last place of each is
                                 // 1e-6.
                                 EXPECT_NEAR(tokens.logprobs[t], logprobs[i][t], 1e-5);
                               }
                               const PolicyTokens<float> policy{
                                   tokens.logprobs, old[i],         {}, ref[i], tokens.entropies,
                                   advantages[i],   loss_weights[i]};
                               terms += SequenceLoss(algorithm, policy, dlogprobs, dentropies);
                             });
  EXPECT_NEAR(terms.loss, golden.at("loss").get<double>(), 1e-6);

  ExpectGradient(*weights, learner.Gradient(), folder + "/grpo_gradient.safetensors");
}

// Goldens from transformers and PyTorch's autograd in fp64, one for each of the other families:
// tests/trainer/golden/make_family_gradients.py.
TEST_F(LearnerTest, GradientOfEachFamilyAgreesWithPyTorch) {
  for (const std::string family : {"llama", "mistral", "qwen2"}) {
    SCOPED_TRACE(family);
    const std::string folder = HONE_SOURCE_DIR "/tests/trainer/golden/families/" + family;
    const auto config = LoadModelConfig(folder);
    ASSERT_TRUE(config.ok()) << config.status();
    const auto weights = LoadWeights(folder, *config);
    ASSERT_TRUE(weights.ok()) << weights.status();
    std::ifstream file(folder + "/golden.json");
    ASSERT_TRUE(file.good());
    const auto golden = nlohmann::json::parse(file);
    std::vector<TrainSequence> sequences;
    for (const auto& tokens : golden.at("sequences")) {
      sequences.push_back({tokens.get<std::vector<int32_t>>(), 1});
    }
    const auto logprobs = golden.at("logprobs").get<std::vector<std::vector<float>>>();
    const auto factors = golden.at("factors").get<std::vector<float>>();

    Learner learner(*weights, {});
    learner.AccumulateGradient(sequences, 1.0f,
                               [&](int64_t i, const TokenLogProbs& tokens,
                                   absl::Span<float> dlogprobs, absl::Span<float>) {
                                 ASSERT_EQ(tokens.logprobs.size(), logprobs[i].size());
                                 for (size_t t = 0; t < logprobs[i].size(); ++t) {
                                   EXPECT_NEAR(tokens.logprobs[t], logprobs[i][t], 1e-5);
                                   dlogprobs[t] = factors[i];
                                 }
                               });
    ExpectGradient(*weights, learner.Gradient(), folder + "/gradient.safetensors");
  }
}

TEST_F(LearnerTest, SavedStateGoesOnWithTheSameBits) {
  const Weights weights = SmallModel(true);
  OptimizerSpec spec;
  spec.weight_decay = 0.1;
  const auto step = [&](Learner& learner, int i) {
    learner.AccumulateGradient(RandomSequences(4, 10 + i), 1.0f, LikelihoodGradient);
    learner.Update(spec, 1e-3);
  };
  Learner straight(weights, {});
  for (int i = 0; i < 4; ++i) step(straight, i);

  Learner first(weights, {});
  for (int i = 0; i < 2; ++i) step(first, i);
  Learner::ShardState state;
  first.SaveShard(&state);
  Learner second(SmallModel(true, 77), {});
  const std::map<std::string, const std::vector<float>*> saved = {
      {"weights", &state.weights},
      {"first_moment", &state.first_moment},
      {"second_moment", &state.second_moment}};
  second.RestoreShard(state.optimizer_step,
                      [&](const char* tensor, int64_t begin, absl::Span<float> out) {
                        std::copy_n(saved.at(tensor)->begin() + begin, out.size(), out.begin());
                      });
  for (int i = 2; i < 4; ++i) step(second, i);
  EXPECT_THAT(second.ExportWeights().flat(), ElementsAreArray(straight.ExportWeights().flat()));
  EXPECT_NE(second.ExportWeights().flat()[0], weights.flat()[0]);
}

TEST_F(LearnerTest, ClipsTheGradientByItsNorm) {
  const Weights weights = SmallModel(true);
  Learner learner(weights, {});
  const auto sequences = RandomSequences(4, 4);
  learner.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
  double squares = 0;
  for (const float g : learner.Gradient()) squares += double{g} * g;
  EXPECT_NEAR(learner.Update({}, 1e-3), std::sqrt(squares), 1e-6 * std::sqrt(squares));
  for (const float g : learner.Gradient()) ASSERT_EQ(g, 0.0f) << "a new accumulation begins";
}

}  // namespace
}  // namespace hone
