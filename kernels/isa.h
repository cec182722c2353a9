// Which instruction set the kernels use. Results do not depend on it.
#ifndef HONE_KERNELS_ISA_H_
#define HONE_KERNELS_ISA_H_

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

// Each has what those before it have. AVX512-BF16 matters to bfloat16 alone.
enum class Isa { kAvx2, kAvx512, kAvx512Bf16 };
inline constexpr Isa kAllIsas[] = {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16};
absl::string_view Name(Isa isa);  // "avx2", "avx512", "avx512_bf16"

// FailedPrecondition on a processor without AVX2 and FMA, which the kernels need. Obeys the
// environment variable HONE_ISA (a name), which tests use to compare the paths.
// To be called before any kernel.
Status InitIsa();

Isa ActiveIsa();

// Switches the kernels of this process. The processor must have `isa`.
void SetIsa(Isa isa);

}  // namespace hone

#endif  // HONE_KERNELS_ISA_H_
