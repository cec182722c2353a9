#include "data/shuffle.h"

#include <bit>

#include "base/philox.h"

namespace hone {
namespace {

// Four make a permutation that looks random (Luby and Rackoff); small domains want some more.
constexpr uint64_t kRounds = 8;

}  // namespace

uint64_t ShuffledIndex(uint64_t seed, uint64_t stream, uint64_t index, uint64_t size) {
  const int half = size <= 2 ? 1 : (std::bit_width(size - 1) + 1) / 2;
  const uint64_t mask = (uint64_t{1} << half) - 1;
  do {
    uint64_t left = index >> half, right = index & mask;
    for (uint64_t round = 0; round < kRounds; ++round) {
      const uint64_t mixed = Philox(seed, stream, round << 32 | right)[0];
      const uint64_t next = left ^ (mixed & mask);
      left = right;
      right = next;
    }
    index = left << half | right;
  } while (index >= size);
  return index;
}

}  // namespace hone
