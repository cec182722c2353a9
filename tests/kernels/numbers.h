// Helpers of the kernel tests: reproducible inputs, and a loop over the ways to run a kernel.
#ifndef HONE_TESTS_KERNELS_NUMBERS_H_
#define HONE_TESTS_KERNELS_NUMBERS_H_

#include <vector>

#include "base/philox.h"
#include "hwy/targets.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"

namespace hone {

// Uniform in [-scale, scale).
inline std::vector<float> RandomFloats(int64_t n, uint64_t stream, float scale = 1.0f) {
  Random random(1234, stream);
  std::vector<float> x(n);
  for (float& v : x) v = (2 * random.Uniform() - 1) * scale;
  return x;
}

// Runs `body` on each instruction set that this machine has, with one, two and three threads;
// leaves the defaults behind.
template <typename Body>
void ForEachWayToRun(Body body) {
  const Isa best = ActiveIsa();
  for (const Isa isa : kAllIsas) {
    if (isa > best) continue;
    for (const int threads : {1, 2, 3}) {
      SetIsa(isa);
      SetNumThreads(threads);
      body();
    }
  }
  SetIsa(best);
  SetNumThreads(0);
}

}  // namespace hone

#endif  // HONE_TESTS_KERNELS_NUMBERS_H_
