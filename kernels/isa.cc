#include "kernels/isa.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "hwy/highway.h"
#include "hwy/targets.h"

namespace hone {
namespace {

Isa& Active() {
  static Isa isa = (hwy::SupportedTargets() & HWY_AVX3) ? Isa::kAvx512 : Isa::kAvx2;
  return isa;
}

}  // namespace

absl::string_view Name(Isa isa) { return isa == Isa::kAvx2 ? "avx2" : "avx512"; }

Status InitIsa() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    return absl::FailedPreconditionError("this processor lacks AVX2 or FMA, which Hone needs");
  }
  const char* wanted = std::getenv("HONE_ISA");
  if (wanted == nullptr || *wanted == '\0') return absl::OkStatus();
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512}) {
    if (Name(isa) != wanted) continue;
    if (isa == Isa::kAvx512 && !(hwy::SupportedTargets() & HWY_AVX3)) {
      return absl::InvalidArgumentError("HONE_ISA=avx512, but this processor lacks AVX-512");
    }
    SetIsa(isa);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("HONE_ISA=", wanted, ": use avx2 or avx512"));
}

Isa ActiveIsa() { return Active(); }

void SetIsa(Isa isa) {
  hwy::SetSupportedTargetsForTest(isa == Isa::kAvx2 ? HWY_AVX2 : HWY_AVX3);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  Active() = isa;
}

}  // namespace hone
