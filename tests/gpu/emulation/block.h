// The device side of the emulation: the threads of a kernel as fibers of the calling thread.
#ifndef HONE_TESTS_GPU_EMULATION_BLOCK_H_
#define HONE_TESTS_GPU_EMULATION_BLOCK_H_

#include <functional>
#include <string>

#include "cuda_runtime.h"

namespace hone::emulation {

inline constexpr int kMaxThreads = 1024;  // of a block
inline constexpr int kWarp = 32;

[[noreturn]] void Abort(const std::string& message);

// Runs a kernel, block by block. Any thread may call this, but only one at a time.
void RunGrid(dim3 grid, dim3 block, const std::function<void()>& thread);

}  // namespace hone::emulation

#endif  // HONE_TESTS_GPU_EMULATION_BLOCK_H_
