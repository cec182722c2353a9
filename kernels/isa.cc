#include "kernels/isa.h"

#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hwy/highway.h"
#include "hwy/targets.h"

namespace hone {
namespace {

Isa Best() {
  if (!(hwy::SupportedTargets() & HWY_AVX3)) return Isa::kAvx2;
  return __builtin_cpu_supports("avx512bf16") ? Isa::kAvx512Bf16 : Isa::kAvx512;
}

Isa& Active() {
  static Isa isa = Best();
  return isa;
}

}  // namespace

absl::string_view Name(Isa isa) {
  return isa == Isa::kAvx2 ? "avx2" : isa == Isa::kAvx512 ? "avx512" : "avx512_bf16";
}

Status InitIsa() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    return absl::FailedPreconditionError("this processor lacks AVX2 or FMA, which Hone needs");
  }
  const char* wanted = std::getenv("HONE_ISA");
  if (wanted == nullptr || *wanted == '\0') return absl::OkStatus();
  std::vector<absl::string_view> names;
  for (const Isa isa : kAllIsas) {
    names.push_back(Name(isa));
    if (Name(isa) != wanted) continue;
    if (isa > Best()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "HONE_ISA=", wanted, ": the most that this processor has is ", Name(Best())));
    }
    SetIsa(isa);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("HONE_ISA=", wanted, ": use one of ", absl::StrJoin(names, ", ")));
}

Isa ActiveIsa() { return Active(); }

void SetIsa(Isa isa) {
  hwy::SetSupportedTargetsForTest(isa == Isa::kAvx2 ? HWY_AVX2 : HWY_AVX3);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  Active() = isa;
}

}  // namespace hone
