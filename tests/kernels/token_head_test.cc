#include "kernels/token_head.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/matmul.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

constexpr float kStart = 0.25f;  // of every weight's gradient, to be added to

// Inputs of a head, and what it gives for them.
struct Case {
  Case(int64_t rows, int64_t hidden, int64_t vocab)
      : rows(rows),
        hidden(hidden),
        vocab(vocab),
        normed(RandomFloats(rows * hidden, 1)),
        weights(RandomFloats(vocab * hidden, 2)),
        dlogprobs(RandomFloats(rows, 3)),
        dentropies(RandomFloats(rows, 4)) {
    Random random(5, 6);
    for (int64_t i = 0; i < rows; ++i) {
      targets.push_back(static_cast<int32_t>(random.Below(static_cast<uint32_t>(vocab))));
    }
    targets.front() = 0;
    targets.back() = static_cast<int32_t>(vocab - 1);
  }

  TokenHead head() const { return {weights.data(), vocab, hidden, scale}; }
  TokenPredictions predictions() {
    logprobs.resize(rows);
    entropies.resize(rows);
    softmax.resize(rows);
    return {logprobs.data(), entropies.data(), softmax.data()};
  }
  void Forward() { TokenHeadForward(head(), normed.data(), rows, targets.data(), predictions()); }
  void Backward(bool with_entropy) {
    dnormed.assign(rows * hidden, 99.0f);
    dweights.assign(vocab * hidden, kStart);
    TokenHeadBackward(head(), normed.data(), rows, targets.data(), predictions(), dlogprobs.data(),
                      with_entropy ? dentropies.data() : nullptr, dnormed.data(), dweights.data());
  }

  int64_t rows, hidden, vocab;
  float scale = 1.25f;
  std::vector<float> normed, weights, dlogprobs, dentropies;
  std::vector<int32_t> targets;
  std::vector<float> logprobs, entropies, dnormed, dweights;
  std::vector<RowSoftmax> softmax;
};

// Two chunks of rows forward and two tiles of the vocabulary, the last of an odd width.
Case InPieces() { return Case(300, 24, 5003); }

TEST(TokenHeadTest, HasTheBitsOfTheWholeLogits) {
  Case c = InPieces();
  const int64_t stride = (c.vocab + 15) / 16 * 16;
  PackedMatrix packed;
  packed.PackTransposed(c.weights.data(), c.vocab, c.hidden);
  std::vector<float> logits(c.rows * stride);
  MatMul({c.normed.data(), c.hidden}, c.rows, packed, logits.data(), stride, Accumulate::kStore);
  std::vector<float> gradient, logprobs(c.rows), entropies(c.rows);  // gradient: [rows, vocab]
  for (int64_t i = 0; i < c.rows; ++i) {
    gradient.insert(gradient.end(), logits.begin() + i * stride,
                    logits.begin() + i * stride + c.vocab);
  }
  std::vector<RowSoftmax> softmax(c.rows);
  LogProbRows(logits.data(), c.rows, c.vocab, stride, c.scale, c.targets.data(), logprobs.data(),
              entropies.data(), softmax.data());
  LogProbTileBackward(gradient.data(), c.rows, 0, c.vocab, c.scale, c.targets.data(),
                      softmax.data(), entropies.data(), c.dlogprobs.data(), nullptr);
  packed.Pack(c.weights.data(), c.vocab, c.hidden, c.hidden);
  std::vector<float> dnormed(c.rows * c.hidden), dweights(c.vocab * c.hidden, kStart);
  MatMul({gradient.data(), c.vocab}, c.rows, packed, dnormed.data(), c.hidden, Accumulate::kStore);
  packed.Pack(c.normed.data(), c.rows, c.hidden, c.hidden);
  MatMul({gradient.data(), 1, c.vocab}, c.vocab, packed, dweights.data(), c.hidden,
         Accumulate::kChain);
  ForEachWayToRun([&] {
    c.Forward();
    EXPECT_THAT(c.logprobs, ElementsAreArray(logprobs));
    EXPECT_THAT(c.entropies, ElementsAreArray(entropies));
    c.Backward(/*with_entropy=*/false);
    EXPECT_EQ(c.dnormed, dnormed);
    EXPECT_EQ(c.dweights, dweights);
  });
}

// fp32 against fp64, relative to the largest that was added to `start`.
void ExpectNear(const std::vector<float>& found, const std::vector<double>& expected, float start) {
  double largest = 0;
  for (const double x : expected) largest = std::max(largest, std::abs(x - start));
  ASSERT_GT(largest, 0.05);
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], 1e-5 * largest) << i;
  }
}

TEST(TokenHeadTest, GradientWithEntropyMatchesTheFormulaAndIsTheSameEverywhere) {
  Case c = InPieces();
  // dz_j = dlogprob·(1[j = target] − p_j) − dentropy·p_j·(log p_j + entropy), in double.
  std::vector<double> dnormed(c.rows * c.hidden), dweights(c.vocab * c.hidden, kStart);
  std::vector<double> z(c.vocab);
  for (int64_t i = 0; i < c.rows; ++i) {
    const float* x = &c.normed[i * c.hidden];
    double sum = 0, weighted = 0;
    for (int64_t j = 0; j < c.vocab; ++j) {
      z[j] = 0;
      for (int64_t k = 0; k < c.hidden; ++k) z[j] += double{x[k]} * c.weights[j * c.hidden + k];
      z[j] *= c.scale;
      sum += std::exp(z[j]);
      weighted += std::exp(z[j]) * z[j];
    }
    const double entropy = std::log(sum) - weighted / sum;
    for (int64_t j = 0; j < c.vocab; ++j) {
      const double p = std::exp(z[j]) / sum, log_p = z[j] - std::log(sum);
      const double hit = j == c.targets[i] ? 1 : 0;
      const double d =
          c.scale * (c.dlogprobs[i] * (hit - p) - c.dentropies[i] * p * (log_p + entropy));
      for (int64_t k = 0; k < c.hidden; ++k) {
        dnormed[i * c.hidden + k] += d * c.weights[j * c.hidden + k];
        dweights[j * c.hidden + k] += d * x[k];
      }
    }
  }
  std::vector<float> first_dnormed, first_dweights;
  ForEachWayToRun([&] {
    c.Forward();
    c.Backward(/*with_entropy=*/true);
    if (first_dnormed.empty()) {
      first_dnormed = c.dnormed;
      first_dweights = c.dweights;
    }
    EXPECT_EQ(c.dnormed, first_dnormed);
    EXPECT_EQ(c.dweights, first_dweights);
  });
  ExpectNear(first_dnormed, dnormed, 0.0f);
  ExpectNear(first_dweights, dweights, kStart);
}

TEST(TokenHeadTest, NoRowsAreNoWork) {
  const Case c(1, 16, 40);
  TokenHeadForward(c.head(), nullptr, 0, nullptr, {});
  std::vector<float> dweights(c.weights.size());
  TokenHeadBackward(c.head(), nullptr, 0, nullptr, {}, nullptr, nullptr, nullptr, dweights.data());
  EXPECT_THAT(dweights, testing::Each(0.0f));
}

int64_t StatusKib(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key + ":", 0) == 0) return std::stoll(line.substr(key.size() + 1));
  }
  return -1;
}

TEST(TokenHeadTest, NeedsAnEighthOfTheFullLogitsAtMost) {
#ifdef HONE_SANITIZE
  GTEST_SKIP() << "a sanitizer keeps freed memory";
#endif
  Case c(512, 16, 151936);
  c.dnormed.resize(c.rows * c.hidden);
  c.dweights.resize(c.vocab * c.hidden);
  c.predictions();
  std::ofstream reset("/proc/self/clear_refs");
  reset << "5" << std::flush;  // forgets the peak so far
  if (!reset) GTEST_SKIP() << "cannot reset the peak of this process's memory";
  const int64_t before = StatusKib("VmRSS");
  ASSERT_GT(before, 0);
  c.Forward();
  c.Backward(true);
  const int64_t full = c.rows * c.vocab * 4 / 1024;
  EXPECT_LT(StatusKib("VmHWM") - before, full / 8);
  EXPECT_GT(StatusKib("VmHWM") - before, full / 64) << "the pieces themselves must show";
}

}  // namespace
}  // namespace hone
