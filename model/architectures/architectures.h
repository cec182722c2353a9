// The families, one file each; found by name through model/architecture.h.
#ifndef HONE_MODEL_ARCHITECTURES_ARCHITECTURES_H_
#define HONE_MODEL_ARCHITECTURES_ARCHITECTURES_H_

#include "model/architecture.h"

namespace hone {

const Architecture& Llama();
const Architecture& Mistral();
const Architecture& Qwen2();
const Architecture& Qwen3();

}  // namespace hone

#endif  // HONE_MODEL_ARCHITECTURES_ARCHITECTURES_H_
