// The angles of the rotary position embedding (Su et al. 2021), tabled.
#ifndef HONE_KERNELS_ROPE_TABLE_H_
#define HONE_KERNELS_ROPE_TABLE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/precision.h"

namespace hone {

// The scaling of Llama 3.1 ("llama3" in config.json): with the wavelength λ = 2π/f of a frequency f
// and L = original_max_positions, f stays where λ < L/high, becomes f/factor where λ > L/low, and
// (1−s)·f/factor + s·f with s = (L/λ − low)/(high − low) in between.
struct Llama3Scaling {
  double factor = 1;
  double low_freq_factor = 1;
  double high_freq_factor = 4;
  int64_t original_max_positions = 8192;

  friend bool operator==(const Llama3Scaling&, const Llama3Scaling&) = default;
};

// cos and sin of position·f_i with f_i = theta^(−2i/head_dim), scaled if asked for:
// [max_positions][head_dim/2]. Frequencies and angles are rounded to fp32 after each operation as
// transformers does: at position 4096 a frequency in double would be another angle.
struct RopeTable {
  RopeTable(int head_dim, double theta, int64_t max_positions,
            const std::optional<Llama3Scaling>& scaling = std::nullopt,
            Precision precision = Precision::kFloat32);

  int half;
  std::vector<float> cos;
  std::vector<float> sin;
};

}  // namespace hone

#endif  // HONE_KERNELS_ROPE_TABLE_H_
