#include "model/architecture.h"

#include "absl/strings/str_join.h"
#include "model/architectures/architectures.h"

namespace hone {

absl::Span<const Architecture* const> AllArchitectures() {
  static const Architecture* const kAll[] = {&Llama(), &Mistral(), &Qwen2(), &Qwen3()};
  return kAll;
}

const Architecture* FindArchitecture(absl::string_view name) {
  for (const Architecture* architecture : AllArchitectures()) {
    if (name == architecture->name) return architecture;
  }
  return nullptr;
}

std::string ArchitectureNames() {
  return absl::StrJoin(AllArchitectures(), ", ",
                       [](std::string* out, const Architecture* a) { out->append(a->name); });
}

}  // namespace hone
