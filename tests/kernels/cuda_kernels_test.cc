// The GPU's kernels against the CPU's, whose bits they must have. On a GPU, or on an emulation of
// one (tests/gpu/emulation).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/attention.h"
#include "kernels/cuda/attention.h"
#include "kernels/cuda/matmul.h"
#include "kernels/cuda/pointwise.h"
#include "kernels/cuda/runtime.h"
#include "kernels/cuda/sampling.h"
#include "kernels/linear.h"
#include "kernels/pointwise.h"
#include "kernels/sampling.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

using cuda::Check;
using cuda::DeviceArray;
using ::testing::FloatNear;
using ::testing::Pointwise;

template <typename T>
constexpr Precision kPrecision =
    std::is_same_v<T, float> ? Precision::kFloat32 : Precision::kBFloat16;

// Numbers that T holds.
template <typename T>
std::vector<float> Numbers(int64_t size, uint64_t seed, float scale) {
  std::vector<float> numbers = RandomFloats(size, seed, scale);
  if (kPrecision<T> == Precision::kBFloat16) {
    for (float& x : numbers) x = RoundToBFloat16(x);
  }
  return numbers;
}

template <typename T>
DeviceArray<T> ToDevice(const std::vector<float>& numbers) {
  std::vector<T> converted(numbers.size());
  std::transform(numbers.begin(), numbers.end(), converted.begin(), [](float x) {
    if constexpr (std::is_same_v<T, float>) return x;
    if constexpr (!std::is_same_v<T, float>) return __float2bfloat16_rn(x);
  });
  DeviceArray<T> device(std::ssize(numbers));
  Check(cudaMemcpy(device.data(), converted.data(), converted.size() * sizeof(T),
                   cudaMemcpyHostToDevice),
        "copying");
  return device;
}
template <typename T>
DeviceArray<T> Copy(const std::vector<T>& from) {
  DeviceArray<T> device(std::ssize(from));
  Check(cudaMemcpy(device.data(), from.data(), from.size() * sizeof(T), cudaMemcpyHostToDevice),
        "copying");
  return device;
}

template <typename T>
std::vector<T> Fetch(const DeviceArray<T>& device) {
  std::vector<T> values(device.size());
  Check(cudaDeviceSynchronize(), "working");
  Check(cudaMemcpy(values.data(), device.data(), values.size() * sizeof(T), cudaMemcpyDeviceToHost),
        "copying");
  return values;
}
std::vector<float> ToHost(const DeviceArray<float>& device) { return Fetch(device); }
std::vector<float> ToHost(const DeviceArray<__nv_bfloat16>& device) {
  std::vector<float> numbers;
  for (const __nv_bfloat16 x : Fetch(device)) numbers.push_back(__bfloat162float(x));
  return numbers;
}

template <typename T>
class CudaKernelsTest : public testing::Test {};
using Types = testing::Types<float, __nv_bfloat16>;
TYPED_TEST_SUITE(CudaKernelsTest, Types);

TYPED_TEST(CudaKernelsTest, LinearLayers) {
  using T = TypeParam;
  for (const auto& [rows, n, k] :
       {std::tuple{1, 5, 3}, {7, 100, 33}, {16, 33, 64}, {17, 64, 65}, {70, 130, 100}}) {
    const auto x = Numbers<T>(rows * k, 1, 1.0f), w = Numbers<T>(n * k, 2, 1.0f);
    const auto bias = Numbers<T>(n, 3, 1.0f), before = Numbers<T>(rows * n, 4, 1.0f);
    PackedMatrix packed;
    packed.PackTransposed(w.data(), n, k);
    const auto device_x = ToDevice<T>(x), device_w = ToDevice<T>(w);
    const auto device_bias = ToDevice<float>(bias);
    for (const bool has_bias : {false, true}) {
      for (const bool add : {false, true}) {
        SCOPED_TRACE(testing::Message() << rows << "×" << n << "×" << k << has_bias << add);
        std::vector<float> wanted = before;
        const float* b = has_bias ? bias.data() : nullptr;
        if (add) {
          LinearAdd({x.data(), k}, rows, packed, b, kPrecision<T>, wanted.data());
        } else {
          Linear({x.data(), k}, rows, packed, b, kPrecision<T>, wanted.data(), n);
        }
        auto y = ToDevice<T>(before);
        const cuda::LinearArguments<T, T> arguments = {device_x.data(),
                                                       device_w.data(),
                                                       has_bias ? device_bias.data() : nullptr,
                                                       y.data(),
                                                       rows,
                                                       n,
                                                       k,
                                                       add};
        cuda::ExactLinear(arguments, nullptr);
        EXPECT_EQ(ToHost(y), wanted);

        y = ToDevice<T>(before);
        cuda::LinearArguments<T, T> again = arguments;
        again.y = y.data();
        cuda::Blas(nullptr).Linear(again);
        const float tolerance = kPrecision<T> == Precision::kFloat32 ? 1e-4f : 0.15f;
        EXPECT_THAT(ToHost(y), Pointwise(FloatNear(tolerance), wanted));
      }
    }
  }
}

TYPED_TEST(CudaKernelsTest, NormsAndSwiGlu) {
  using T = TypeParam;
  for (const int64_t n : {5, 16, 300, 1030}) {
    const int64_t rows = 6;
    const auto x = Numbers<T>(rows * n, 1, 3.0f), w = Numbers<T>(n, 2, 1.0f);
    const std::vector<int32_t> from = {4, 1, 5};
    std::vector<float> all(rows * n), wanted;
    RmsNorm(x.data(), rows, n, w.data(), 1e-6f, all.data(), nullptr, kPrecision<T>);
    for (const int32_t row : from) {
      wanted.insert(wanted.end(), all.begin() + row * n, all.begin() + (row + 1) * n);
    }
    const auto device_x = ToDevice<T>(x);
    const auto device_w = ToDevice<float>(w);
    DeviceArray<T> y(rows * n), some(3 * n);
    cuda::RmsNorm(device_x.data(), nullptr, rows, n, device_w.data(), 1e-6f, y.data(), nullptr);
    EXPECT_EQ(ToHost(y), all);
    const auto device_from = Copy(from);
    cuda::RmsNorm(device_x.data(), device_from.data(), 3, n, device_w.data(), 1e-6f, some.data(),
                  nullptr);
    EXPECT_EQ(ToHost(some), wanted);

    const auto gate_up = Numbers<T>(rows * 2 * n, 3, 30.0f);
    SwiGlu(gate_up.data(), rows, n, all.data(), kPrecision<T>);
    cuda::SwiGlu(ToDevice<T>(gate_up).data(), rows, n, y.data(), nullptr);
    EXPECT_EQ(ToHost(y), all);
  }
}

// Rotated queries, the cache that the keys and values are in, and what is attended to, over
// contexts of several tiles, with windows, many query heads for one kv head, and large heads.
TYPED_TEST(CudaKernelsTest, RotationAndAttention) {
  using T = TypeParam;
  struct Case {
    AttentionShape shape;
    bool norm;
    int tokens;
  };
  for (const Case& c : {Case{{2, 2, 16}, false, 40}, Case{{6, 2, 12}, true, 530},
                        Case{{4, 4, 64}, true, 17}, Case{{11, 1, 16}, false, 1100},
                        Case{{4, 2, 130, 21}, true, 50}, Case{{2, 1, 512}, true, 20}}) {
    const AttentionShape& shape = c.shape;
    const int dim = shape.head_dim, heads = shape.num_heads, kv_heads = shape.num_kv_heads;
    SCOPED_TRACE(testing::Message() << heads << " heads of " << dim << ", " << c.tokens);
    const int64_t width = int64_t{heads + 2 * kv_heads} * dim, out_width = int64_t{heads} * dim;
    const int num_blocks = (c.tokens + 15) / 16;
    const auto qkv = Numbers<T>(c.tokens * width, 1, 1.0f);
    const auto q_norm = Numbers<T>(dim, 2, 1.0f), k_norm = Numbers<T>(dim, 3, 1.0f);
    const RopeTable rope(dim, 10000.0, c.tokens, std::nullopt, kPrecision<T>);
    std::vector<int32_t> positions(c.tokens);
    for (int i = 0; i < c.tokens; ++i) positions[i] = i;

    std::vector<float> rotated = qkv;
    NormRope({c.tokens, heads, dim}, rotated.data(), width, c.norm ? q_norm.data() : nullptr, 1e-6f,
             positions.data(), rope, rotated.data(), width, nullptr, kPrecision<T>);
    float* const keys = rotated.data() + out_width;
    NormRope({c.tokens, kv_heads, dim}, keys, width, c.norm ? k_norm.data() : nullptr, 1e-6f,
             positions.data(), rope, keys, width, nullptr, kPrecision<T>);
    std::vector<float> cache(num_blocks * shape.block_floats());
    std::vector<const float*> blocks;
    for (int b = 0; b < num_blocks; ++b) blocks.push_back(&cache[b * shape.block_floats()]);
    for (int i = 0; i < c.tokens; ++i) {
      StoreKv(shape, keys + i * width, keys + i * width + int64_t{kv_heads} * dim, i % 16,
              &cache[i / 16 * shape.block_floats()]);
    }
    std::vector<float> wanted(c.tokens * out_width);
    Attention(shape, {{rotated.data(), c.tokens, 0, blocks.data(), wanted.data(), nullptr}}, width,
              out_width, kPrecision<T>);

    // The device's blocks lie in another order.
    std::vector<int32_t> order(num_blocks);
    for (int b = 0; b < num_blocks; ++b) order[b] = num_blocks - 1 - b;
    const auto device_blocks = Copy(order), device_positions = Copy(positions);
    const auto first_block = Copy(std::vector<int32_t>(c.tokens, 0));
    const cuda::PagedRows rows = {c.tokens, device_positions.data(), first_block.data(),
                                  device_blocks.data()};
    const auto device_qkv = ToDevice<T>(qkv);
    const auto device_cache = ToDevice<T>(std::vector<float>(cache.size(), 0.0f));
    const auto device_q_norm = ToDevice<float>(q_norm), device_k_norm = ToDevice<float>(k_norm);
    const auto cos = Copy(rope.cos), sin = Copy(rope.sin);
    const cuda::CacheLayer<T> layer = {shape, device_cache.data()};
    cuda::NormRopeStore<T>({device_qkv.data(), c.norm ? device_q_norm.data() : nullptr,
                            c.norm ? device_k_norm.data() : nullptr, 1e-6f, cos.data(), sin.data()},
                           rows, layer, nullptr);
    const auto found_qkv = ToHost(device_qkv), found_cache = ToHost(device_cache);
    for (int i = 0; i < c.tokens; ++i) {
      for (int64_t j = 0; j < out_width; ++j) {
        ASSERT_EQ(found_qkv[i * width + j], rotated[i * width + j]) << i << ", " << j;
      }
    }
    for (int b = 0; b < num_blocks; ++b) {
      for (int64_t j = 0; j < shape.block_floats(); ++j) {
        ASSERT_EQ(found_cache[order[b] * shape.block_floats() + j], blocks[b][j]) << b << ", " << j;
      }
    }
    for (const int splits : {1, 2, 8}) {
      DeviceArray<float> parts(cuda::PartFloats(shape, c.tokens, splits));
      DeviceArray<T> out(c.tokens * out_width);
      cuda::Attention(device_qkv.data(), rows, layer, splits, parts.data(), out.data(), nullptr);
      if (splits == 1) {
        EXPECT_EQ(ToHost(out), wanted);
      } else {
        const float tolerance = kPrecision<T> == Precision::kFloat32 ? 1e-5f : 0.02f;
        EXPECT_THAT(ToHost(out), Pointwise(FloatNear(tolerance), wanted)) << splits;
      }
    }
  }
}

TEST(CudaSamplingTest, DrawsWhatTheCpuDraws) {
  for (const int64_t vocab : {1, 7, 256, 257, 2048, 2050, 9000}) {
    SCOPED_TRACE(vocab);
    std::vector<float> logits = RandomFloats(vocab, vocab, 4.0f);
    logits[vocab / 2] = logits[vocab - 1] = 5.0f;  // two that are the most likely
    const auto device_logits = Copy(logits);
    std::vector<SampledToken> wanted;
    std::vector<cuda::DeviceDraw> draws;
    for (uint32_t i = 0; i < 40; ++i) {
      const SampleOptions options = {.temperature =
                                         i % 4 == 0 ? 0.0f : 0.4f * static_cast<float>(i % 4)};
      const SampleKey key = {1, 2, i, 3};
      wanted.push_back(SampleToken(logits.data(), vocab, options, key));
      draws.push_back({device_logits.data(), LogitScale(options.temperature),
                       options.temperature <= 0, DrawUniform(key)});
    }
    const auto device_draws = Copy(draws);
    DeviceArray<float> scratch(std::ssize(draws) * cuda::ScratchFloats(vocab));
    DeviceArray<SampledToken> drawn(std::ssize(draws));
    cuda::SampleTokens(device_draws.data(), std::ssize(draws), vocab, scratch.data(), drawn.data(),
                       nullptr);
    const std::vector<SampledToken> found = Fetch(drawn);
    for (size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_EQ(found[i].token, wanted[i].token) << i;
      EXPECT_EQ(found[i].logprob, wanted[i].logprob) << i;
    }
  }
}

}  // namespace
}  // namespace hone
