#include "kernels/attention.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

constexpr AttentionShape kShape{4, 2, 32};
constexpr int64_t kWidth = (4 + 2 * 2) * 32;
constexpr int64_t kOut = 4 * 32;

// Blocks of a sequence filled from qkv rows; slots beyond the tokens hold rubbish on purpose.
struct Cache {
  explicit Cache(const std::vector<float>& qkv) {
    const int64_t tokens = static_cast<int64_t>(qkv.size()) / kWidth;
    storage.assign((tokens + 15) / 16 * kShape.block_floats(), 7.5f);
    for (int64_t t = 0; t < tokens; ++t) {
      const float* k = &qkv[t * kWidth + kOut];
      StoreKv(kShape, k, k + 2 * 32, t % 16, &storage[t / 16 * kShape.block_floats()]);
    }
    for (int64_t b = 0; b < (tokens + 15) / 16; ++b) {
      pointers.push_back(&storage[b * kShape.block_floats()]);
    }
  }
  std::vector<float> storage;
  std::vector<const float*> pointers;
};

// Queries [begin, end) of the sequence, in one call.
void Attend(const std::vector<float>& qkv, const Cache& cache, int64_t begin, int64_t end,
            float* out, float* log_sum) {
  const AttentionQueries queries{&qkv[begin * kWidth],
                                 end - begin,
                                 begin,
                                 cache.pointers.data(),
                                 out + begin * kOut,
                                 log_sum == nullptr ? nullptr : log_sum + begin * 4};
  Attention(kShape, {&queries, 1}, kWidth, kOut);
}

std::vector<float> AttendAll(const std::vector<float>& qkv) {
  const int64_t tokens = static_cast<int64_t>(qkv.size()) / kWidth;
  const Cache cache(qkv);
  std::vector<float> out(tokens * kOut);
  Attend(qkv, cache, 0, tokens, out.data(), nullptr);
  return out;
}

TEST(AttentionTest, MatchesTheFormula) {
  for (const int64_t tokens : {1, 15, 16, 17, 70}) {
    const auto qkv = RandomFloats(tokens * kWidth, tokens);
    const auto out = AttendAll(qkv);
    for (int64_t t = 0; t < tokens; ++t) {
      for (int h = 0; h < 4; ++h) {
        std::vector<double> p;
        double sum = 0;
        for (int64_t j = 0; j <= t; ++j) {
          double dot = 0;
          for (int d = 0; d < 32; ++d) {
            dot += double{qkv[t * kWidth + h * 32 + d]} * qkv[j * kWidth + kOut + h / 2 * 32 + d];
          }
          p.push_back(std::exp(dot / std::sqrt(32.0)));
          sum += p.back();
        }
        for (int d = 0; d < 32; ++d) {
          double expected = 0;
          for (int64_t j = 0; j <= t; ++j) {
            expected += p[j] / sum * qkv[j * kWidth + kOut + 64 + h / 2 * 32 + d];
          }
          ASSERT_NEAR(out[t * kOut + h * 32 + d], expected, 2e-6);
        }
      }
    }
  }
}

TEST(AttentionTest, TheSameBitsOneByOneInChunksAndOnEveryIsa) {
  const int64_t tokens = 75;
  const auto qkv = RandomFloats(tokens * kWidth, 5);
  const Cache cache(qkv);
  const auto whole = AttendAll(qkv);
  ForEachWayToRun([&] {
    for (const int64_t chunk : {1, 2, 7, 64, 75}) {
      std::vector<float> out(tokens * kOut);
      for (int64_t begin = 0; begin < tokens; begin += chunk) {
        Attend(qkv, cache, begin, std::min(tokens, begin + chunk), out.data(), nullptr);
      }
      EXPECT_THAT(out, ElementsAreArray(whole)) << "chunks of " << chunk;
    }
  });
}

TEST(AttentionTest, GradientAgreesWithDifferencesAndIsTheSameEverywhere) {
  const int64_t tokens = 53;  // more than one tile of queries
  auto qkv = RandomFloats(tokens * kWidth, 6);
  const auto dout = RandomFloats(tokens * kOut, 7);
  const Cache cache(qkv);
  std::vector<float> out(tokens * kOut), log_sum(tokens * 4), first;
  Attend(qkv, cache, 0, tokens, out.data(), log_sum.data());
  ForEachWayToRun([&] {
    std::vector<float> dqkv(tokens * kWidth, -1.0f);
    const AttentionGradient gradient{qkv.data(),  cache.pointers.data(), out.data(), log_sum.data(),
                                     dout.data(), dqkv.data(),           tokens};
    AttentionBackward(kShape, {&gradient, 1});
    if (first.empty()) first = dqkv;
    EXPECT_THAT(dqkv, ElementsAreArray(first));
  });
  const auto objective = [&] {
    const auto y = AttendAll(qkv);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += double{dout[i]} * y[i];
    return sum;
  };
  constexpr float kStep = 1e-2f;
  for (size_t i = 0; i < qkv.size(); i += 97) {
    const float at = qkv[i];
    qkv[i] = at + kStep;
    const double up = objective();
    qkv[i] = at - kStep;
    const double down = objective();
    qkv[i] = at;
    EXPECT_NEAR(first[i], (up - down) / (2 * kStep), 2e-3) << "element " << i;
  }
}

}  // namespace
}  // namespace hone
