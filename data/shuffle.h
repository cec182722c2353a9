// Shuffling without a list: where an index goes is computed from the index alone.
#ifndef HONE_DATA_SHUFFLE_H_
#define HONE_DATA_SHUFFLE_H_

#include <cstdint>

namespace hone {

// A permutation of 0 … size - 1, chosen by seed and stream: the place of `index`. A Feistel network
// over the smallest even number of bits that holds `size`, walked until it is back in range (Black
// and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002).
uint64_t ShuffledIndex(uint64_t seed, uint64_t stream, uint64_t index, uint64_t size);

}  // namespace hone

#endif  // HONE_DATA_SHUFFLE_H_
