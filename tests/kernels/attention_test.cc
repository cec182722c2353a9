#include "kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/bfloat16_pairs.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

class AttentionTest : public testing::TestWithParam<AttentionShape> {
 protected:
  const AttentionShape shape_ = GetParam();
  const int dim_ = shape_.head_dim;
  const int64_t out_ = int64_t{shape_.num_heads} * dim_;
  const int64_t keys_ = int64_t{shape_.num_kv_heads} * dim_;
  const int64_t width_ = out_ + 2 * keys_;

  int64_t Tokens(const std::vector<float>& qkv) const {
    return static_cast<int64_t>(qkv.size()) / width_;
  }

  // Blocks of a sequence filled from qkv rows; slots beyond the tokens hold rubbish on purpose.
  struct Cache {
    std::vector<float> storage;
    std::vector<const float*> pointers;
  };
  Cache Fill(const std::vector<float>& qkv) const { return Fill(qkv, shape_); }
  Cache Fill(const std::vector<float>& qkv, const AttentionShape& shape) const {
    const int64_t tokens = Tokens(qkv), blocks = (tokens + 15) / 16;
    Cache cache;
    cache.storage.assign(blocks * shape.block_floats(), 7.5f);
    for (int64_t t = 0; t < tokens; ++t) {
      const float* k = &qkv[t * width_ + out_];
      StoreKv(shape, k, k + keys_, t % 16, &cache.storage[t / 16 * shape.block_floats()]);
    }
    for (int64_t b = 0; b < blocks; ++b) {
      cache.pointers.push_back(&cache.storage[b * shape.block_floats()]);
    }
    return cache;
  }

  // Queries [begin, end) of the sequence, in one call.
  void Attend(const std::vector<float>& qkv, const Cache& cache, int64_t begin, int64_t end,
              float* out, float* log_sum, Precision precision = Precision::kFloat32) const {
    const AttentionQueries queries{
        &qkv[begin * width_],
        end - begin,
        begin,
        cache.pointers.data(),
        out + begin * out_,
        log_sum == nullptr ? nullptr : log_sum + begin * shape_.num_heads};
    Attention(shape_, {&queries, 1}, width_, out_, precision);
  }

  std::vector<float> AttendAll(const std::vector<float>& qkv,
                               Precision precision = Precision::kFloat32) const {
    const Cache cache = Fill(qkv);
    std::vector<float> out(Tokens(qkv) * out_);
    Attend(qkv, cache, 0, Tokens(qkv), out.data(), nullptr, precision);
    return out;
  }

  // The definition in double; `round` is applied to each p_j before it meets v_j.
  template <typename Round>
  double Expected(const std::vector<float>& qkv, int64_t t, int h, int d, Round round) const {
    const int kv_head = h / shape_.group();
    const int64_t first = shape_.window > 0 ? std::max<int64_t>(0, t + 1 - shape_.window) : 0;
    std::vector<double> scores;
    for (int64_t j = first; j <= t; ++j) {
      double dot = 0;
      for (int i = 0; i < dim_; ++i) {
        dot += double{qkv[t * width_ + h * dim_ + i]} * qkv[j * width_ + out_ + kv_head * dim_ + i];
      }
      scores.push_back(dot / std::sqrt(static_cast<double>(dim_)));
    }
    const double largest = *std::max_element(scores.begin(), scores.end());
    double sum = 0, weighted = 0;
    for (int64_t j = first; j <= t; ++j) {
      const double p = std::exp(scores[j - first] - largest);
      sum += p;
      weighted += round(p) * qkv[j * width_ + out_ + keys_ + kv_head * dim_ + d];
    }
    return weighted / sum;
  }
};

TEST_P(AttentionTest, MatchesTheFormula) {
  for (const int64_t tokens : {1, 15, 16, 17, 70}) {
    const auto qkv = RandomFloats(tokens * width_, tokens);
    const auto out = AttendAll(qkv);
    for (int64_t i = 0; i < tokens * out_; ++i) {
      const int h = static_cast<int>(i % out_ / dim_), d = static_cast<int>(i % dim_);
      ASSERT_NEAR(out[i], Expected(qkv, i / out_, h, d, [](double p) { return p; }), 2e-6);
    }
  }
}

TEST_P(AttentionTest, RoundsProbabilitiesAndTheResultInBFloat16) {
  const int64_t tokens = 40;
  auto qkv = RandomFloats(tokens * width_, 3);
  for (float& x : qkv) x = RoundToBFloat16(x);
  const auto out = AttendAll(qkv, Precision::kBFloat16);
  const auto brain = [](double p) { return RoundToBFloat16(static_cast<float>(p)); };
  for (int64_t i = 0; i < tokens * out_; ++i) {
    const int h = static_cast<int>(i % out_ / dim_), d = static_cast<int>(i % dim_);
    ASSERT_EQ(out[i], RoundToBFloat16(out[i]));
    // Half a unit in the last place; some p_j near a tie may go the other way.
    const double expected = Expected(qkv, i / out_, h, d, brain);
    ASSERT_NEAR(out[i], expected, std::abs(expected) * 0x1p-8 + 1e-3);
  }
}

TEST_P(AttentionTest, TheSameBitsOneByOneInChunksAndOnEveryIsa) {
  const int64_t tokens = 75;
  const auto qkv = RandomFloats(tokens * width_, 5);
  const Cache cache = Fill(qkv);
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    const auto whole = AttendAll(qkv, precision);
    ForEachWayToRun([&] {
      for (const int64_t chunk : {1, 2, 7, 64, 75}) {
        std::vector<float> out(tokens * out_);
        for (int64_t begin = 0; begin < tokens; begin += chunk) {
          const int64_t end = std::min(tokens, begin + chunk);
          Attend(qkv, cache, begin, end, out.data(), nullptr, precision);
        }
        EXPECT_THAT(out, ElementsAreArray(whole)) << "chunks of " << chunk;
      }
    });
  }
}

// A cache of pairs gives what one of floats gives.
TEST_P(AttentionTest, PairsHaveTheSameBits) {
  if (!HasPairs()) GTEST_SKIP() << "this processor lacks AVX512-BF16";
  AttentionShape pairs = shape_;
  pairs.pairs = true;
  for (const int64_t tokens : {1, 2, 15, 16, 17, 75}) {
    auto qkv = RandomFloats(tokens * width_, tokens, 4.0f);
    for (float& x : qkv) x = RoundToBFloat16(x);
    const auto expected = AttendAll(qkv, Precision::kBFloat16);
    const Cache cache = Fill(qkv, pairs);
    std::vector<float> out(tokens * out_);
    const AttentionQueries queries{qkv.data(), tokens, 0, cache.pointers.data(),
                                   out.data(), nullptr};
    Attention(pairs, {&queries, 1}, width_, out_, Precision::kBFloat16);
    EXPECT_THAT(out, ElementsAreArray(expected)) << tokens << " tokens";
  }
}

// Sequences of a group: the same blocks at first, then blocks of their own, of various lengths.
TEST_P(AttentionTest, SharedBlocksDoNotShow) {
  const int64_t prompt = 37;
  for (const bool as_pairs : {false, true}) {
    if (as_pairs && !HasPairs()) continue;
    AttentionShape shape = shape_;
    shape.pairs = as_pairs;
    const Precision precision = as_pairs ? Precision::kBFloat16 : Precision::kFloat32;
    std::vector<std::vector<float>> texts;
    std::vector<Cache> caches;
    for (const int64_t tokens : {37, 38, 49, 90, 40, 64, 33}) {
      auto qkv = RandomFloats(tokens * width_, tokens);
      const auto same = RandomFloats(prompt * width_, 1);
      std::copy_n(same.begin(), std::min(tokens, prompt) * width_, qkv.begin());
      for (float& x : qkv) x = RoundToBFloat16(x);
      texts.push_back(qkv);
      caches.push_back(Fill(qkv, shape));
      // Two full blocks are those of the first; some have one, another none.
      const int64_t shared = texts.size() == 5 ? 0 : texts.size() == 4 ? 1 : 2;
      std::copy_n(caches[0].pointers.begin(), shared, caches.back().pointers.begin());
    }
    const auto attend = [&](bool together) {
      std::vector<float> out(texts.size() * out_), log_sums(texts.size() * shape.num_heads);
      std::vector<AttentionQueries> queries;
      for (size_t s = 0; s < texts.size(); ++s) {
        const int64_t last = Tokens(texts[s]) - 1;
        queries.push_back({&texts[s][last * width_], 1, last, caches[s].pointers.data(),
                           &out[s * out_], &log_sums[s * shape.num_heads]});
        if (!together) Attention(shape, {&queries.back(), 1}, width_, out_, precision);
      }
      if (together) Attention(shape, queries, width_, out_, precision);
      out.insert(out.end(), log_sums.begin(), log_sums.end());
      return out;
    };
    ForEachWayToRun([&] {
      if (as_pairs && !HasPairs()) return;
      EXPECT_THAT(attend(true), ElementsAreArray(attend(false)));
    });
  }
}

TEST_P(AttentionTest, GradientAgreesWithDifferencesAndIsTheSameEverywhere) {
  const int64_t tokens = 53;  // more than one tile of queries
  auto qkv = RandomFloats(tokens * width_, 6);
  const auto dout = RandomFloats(tokens * out_, 7);
  const Cache cache = Fill(qkv);
  std::vector<float> out(tokens * out_), log_sum(tokens * shape_.num_heads), first;
  Attend(qkv, cache, 0, tokens, out.data(), log_sum.data());
  ForEachWayToRun([&] {
    std::vector<float> dqkv(tokens * width_, -1.0f);
    const AttentionGradient gradient{qkv.data(),  cache.pointers.data(), out.data(), log_sum.data(),
                                     dout.data(), dqkv.data(),           tokens};
    AttentionBackward(shape_, {&gradient, 1});
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

// Heads of whole panels and of part ones; a window inside a block, over blocks, and of one token.
INSTANTIATE_TEST_SUITE_P(Shapes, AttentionTest,
                         testing::Values(AttentionShape{4, 2, 32}, AttentionShape{3, 1, 24},
                                         AttentionShape{2, 2, 6}, AttentionShape{4, 2, 16, 5},
                                         AttentionShape{4, 1, 40, 33},
                                         AttentionShape{2, 1, 16, 1}));

}  // namespace
}  // namespace hone
