#include "trainer/learner/learner.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/hf_folder.h"
#include "model/safetensors.h"
#include "nlohmann/json.hpp"
#include "rollout/engine/engine.h"
#include "tests/kernels/numbers.h"
#include "tests/rollout/engine/models.h"
#include "trainer/algorithm/aggregation.h"
#include "trainer/algorithm/loss.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

std::vector<TrainSequence> RandomSequences(int count, uint64_t seed) {
  Random random(seed, 0);
  std::vector<TrainSequence> sequences(count);
  for (auto& sequence : sequences) {
    sequence.prompt_size = 1 + random.Below(20);
    const int64_t size = sequence.prompt_size + 1 + random.Below(60);
    for (int64_t i = 0; i < size; ++i) {
      sequence.tokens.push_back(static_cast<int32_t>(random.Below(67)));
    }
  }
  return sequences;
}

// −Σ log π / tokens, with a touch of entropy so that its gradient has a part too.
void LikelihoodGradient(int64_t, const TokenLogProbs& tokens, absl::Span<float> dlogprobs,
                        absl::Span<float> dentropies) {
  std::fill(dlogprobs.begin(), dlogprobs.end(), -0.01f);
  std::fill(dentropies.begin(), dentropies.end(), 0.003f);
}

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
    Learner learner(weights, options, &single_);
    learner.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
    return learner.Gradient();
  }
  SingleRank single_;
};

// What an engine sampled, as sequences for the learner.
struct Sampled {
  std::vector<TrainSequence> sequences;
  std::vector<std::vector<float>> logprobs;
};

Sampled SampleSome(const Weights& weights, float temperature, Precision precision) {
  EngineOptions options;
  options.max_sequences = 5;
  options.precision = precision;
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
        Learner learner(weights, {200, false}, &single_);
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
        Learner learner(weights, {200, false, precision}, &single_);
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
  Learner one(weights, {1, false}, &single_), many(weights, {100000, true}, &single_);
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
      for (const auto& tokens : Learner(weights, {}, &single_).LogProbs(sequences, 1.0f)) {
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

TEST_F(LearnerTest, ThereIsNoGradientInBFloat16) {
  Learner learner(SmallModel(true), {8192, false, Precision::kBFloat16}, &single_);
  EXPECT_ANY_THROW(learner.AccumulateGradient(RandomSequences(1, 1), 1.0f, LikelihoodGradient));
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

  Learner learner(*weights, {}, &single_);
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

    Learner learner(*weights, {}, &single_);
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
  Learner straight(weights, {}, &single_);
  for (int i = 0; i < 4; ++i) step(straight, i);

  Learner first(weights, {}, &single_);
  for (int i = 0; i < 2; ++i) step(first, i);
  const Learner::ShardState state = first.SaveShard();
  Learner second(SmallModel(true, 77), {}, &single_);
  second.RestoreShard(state);
  for (int i = 2; i < 4; ++i) step(second, i);
  EXPECT_THAT(second.ExportWeights().flat(), ElementsAreArray(straight.ExportWeights().flat()));
  EXPECT_NE(second.ExportWeights().flat()[0], weights.flat()[0]);
}

TEST_F(LearnerTest, ClipsTheGradientByItsNorm) {
  const Weights weights = SmallModel(true);
  Learner learner(weights, {}, &single_);
  const auto sequences = RandomSequences(4, 4);
  learner.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
  double squares = 0;
  for (const float g : learner.Gradient()) squares += double{g} * g;
  EXPECT_NEAR(learner.Update({}, 1e-3), std::sqrt(squares), 1e-6 * std::sqrt(squares));
  for (const float g : learner.Gradient()) ASSERT_EQ(g, 0.0f) << "a new accumulation begins";
}

// Two ranks as two threads that meet in every operation: the seam of the sharded learner.
class TwoRanks {
 public:
  class Rank : public Collectives {
   public:
    Rank(TwoRanks* both, int rank) : both_(both), rank_(rank) {}
    World world() const override { return {rank_, 2}; }
    Status AllGather(const float* shard, int64_t n, float* full) override {
      return both_->Meet(rank_, shard, [&] {
        for (int r = 0; r < 2; ++r) {
          std::copy_n(static_cast<const float*>(both_->given_[r]), n, full + r * n);
        }
      });
    }
    Status ReduceScatter(const float* full, int64_t n, float* shard) override {
      return both_->Meet(rank_, full, [&] {
        for (int64_t i = 0; i < n; ++i) {
          shard[i] = static_cast<const float*>(both_->given_[0])[rank_ * n + i] +
                     static_cast<const float*>(both_->given_[1])[rank_ * n + i];
        }
      });
    }
    Status AllReduce(double* values, int64_t n) override {
      std::vector<double> sums(n);
      const Status status = both_->Meet(rank_, values, [&] {
        for (int64_t i = 0; i < n; ++i) {
          sums[i] = static_cast<const double*>(both_->given_[0])[i] +
                    static_cast<const double*>(both_->given_[1])[i];
        }
      });
      std::copy(sums.begin(), sums.end(), values);
      return status;
    }
    Status Barrier() override {
      return both_->Meet(rank_, nullptr, [] {});
    }

   private:
    TwoRanks* both_;
    int rank_;
  };

 private:
  // Both give, both read what was given, both leave.
  template <typename Read>
  Status Meet(int rank, const void* given, Read read) {
    Wait([&] { given_[rank] = given; });
    read();
    Wait([] {});
    return absl::OkStatus();
  }
  template <typename Before>
  void Wait(Before before) {
    std::unique_lock lock(mutex_);
    before();
    const int64_t round = round_;
    if (++arrived_ == 2) {
      arrived_ = 0;
      ++round_;
      changed_.notify_all();
    } else {
      changed_.wait(lock, [&] { return round_ != round; });
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  const void* given_[2] = {};
  int arrived_ = 0;
  int64_t round_ = 0;
};

TEST_F(LearnerTest, TwoRanksThatShareTheBatchTakeTheStepOfOne) {
  const Weights weights = SmallModel(true);
  const auto sequences = RandomSequences(8, 5);
  OptimizerSpec spec;
  spec.weight_decay = 0.1;
  spec.eps = 1e-3;  // tame, so that rounding in tiny gradients does not turn into whole steps
  Learner alone(weights, {}, &single_);
  for (int step = 0; step < 3; ++step) {
    alone.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
    alone.Update(spec, 1e-3);
  }
  TwoRanks both;
  std::vector<Weights> results(2);
  std::vector<std::thread> ranks;
  for (int r = 0; r < 2; ++r) {
    ranks.emplace_back([&, r] {
      TwoRanks::Rank collectives(&both, r);
      Learner learner(weights, {200, r == 1}, &collectives);
      const std::vector<TrainSequence> half(sequences.begin() + 4 * r,
                                            sequences.begin() + 4 * r + 4);
      for (int step = 0; step < 3; ++step) {
        // Micro-batches of both ranks are equally many here: four sequences, one each.
        for (const auto& sequence : half) {
          learner.AccumulateGradient({&sequence, 1}, 1.0f, LikelihoodGradient);
        }
        learner.Update(spec, 1e-3);
      }
      results[r] = learner.ExportWeights();
    });
  }
  for (auto& rank : ranks) rank.join();
  const Weights expected = alone.ExportWeights();
  for (size_t i = 0; i < expected.flat().size(); ++i) {
    ASSERT_NEAR(results[0].flat()[i], expected.flat()[i], 2e-6) << i;
    ASSERT_EQ(results[0].flat()[i], results[1].flat()[i]) << i;
  }
}

}  // namespace
}  // namespace hone
