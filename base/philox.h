// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). A number is a pure function of (key, counter), so it does not depend on
// which process draws it, when, or how often.
#ifndef HONE_BASE_PHILOX_H_
#define HONE_BASE_PHILOX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

namespace hone {

// 128 random bits for a 64-bit key and a 128-bit counter.
inline std::array<uint32_t, 4> Philox(uint64_t key, uint64_t counter_high, uint64_t counter_low) {
  uint32_t c0 = static_cast<uint32_t>(counter_low), c1 = static_cast<uint32_t>(counter_low >> 32);
  uint32_t c2 = static_cast<uint32_t>(counter_high), c3 = static_cast<uint32_t>(counter_high >> 32);
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c0;
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {c0, c1, c2, c3};
}

// A sequential stream over Philox, for generators of problems, shuffles and initial weights.
// `stream` separates independent uses of one seed.
class Random {
 public:
  Random(uint64_t seed, uint64_t stream) : seed_(seed), stream_(stream) {}

  uint32_t Bits() {
    if (used_ == 4) {
      block_ = Philox(seed_, stream_, next_++);
      used_ = 0;
    }
    return block_[used_++];
  }

  // Uniform in [0, bound); bound > 0. By multiplication with rejection, so without bias.
  uint32_t Below(uint32_t bound) {
    while (true) {
      const uint64_t product = uint64_t{Bits()} * bound;
      const uint32_t low = static_cast<uint32_t>(product);
      if (low >= bound || low >= (-bound) % bound) return static_cast<uint32_t>(product >> 32);
    }
  }

  // Uniform in [0, 1) with 24 bits, exact in fp32.
  float Uniform() { return static_cast<float>(Bits() >> 8) * 0x1p-24f; }

  // Puts the items, at most 2^32 - 1, into a random order (Fisher and Yates, from the last one on).
  template <typename Items>
  void Shuffle(Items* items) {
    for (size_t i = std::size(*items); i > 1; --i) {
      std::swap((*items)[i - 1], (*items)[Below(static_cast<uint32_t>(i))]);
    }
  }

 private:
  uint64_t seed_;
  uint64_t stream_;
  uint64_t next_ = 0;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
};

}  // namespace hone

#endif  // HONE_BASE_PHILOX_H_
