#include "tests/gpu/emulation/block.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "cuda_runtime.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

#ifndef __x86_64__
#error "the switch between fibers is written for x86-64"
#endif

// Saves what the calling convention keeps for the caller on the present stack, its end in
// *stack_pointer, and goes on where `next` was left. swapcontext would make a system call.
extern "C" void hone_emulation_switch(void** stack_pointer, void* next);
asm(R"(
.pushsection .text
.globl hone_emulation_switch
.hidden hone_emulation_switch
.type hone_emulation_switch, @function
hone_emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size hone_emulation_switch, . - hone_emulation_switch
.popsection
)");

namespace hone::emulation {

void Abort(const std::string& message) {
  std::fprintf(stderr, "CUDA emulation: %s\n", message.c_str());
  std::fflush(stderr);
  std::abort();
}

namespace {

std::string Text(dim3 v) {
  return "(" + std::to_string(v.x) + ", " + std::to_string(v.y) + ", " + std::to_string(v.z) + ")";
}

#ifdef __SANITIZE_ADDRESS__
constexpr size_t kStackBytes = 256 << 10;  // redzones widen the frames
#else
constexpr size_t kStackBytes = 64 << 10;
#endif

struct Fiber {
  void* stack_pointer = nullptr;
  uint3 thread{};
  int index = 0;  // threadIdx as one number
  int slot = 0;   // place in the order of running
  // What the sanitizers want to know of a stack.
  [[maybe_unused]] void* fake_stack = nullptr;
  [[maybe_unused]] const void* bottom = nullptr;
  [[maybe_unused]] size_t size = 0;
  [[maybe_unused]] void* tsan_fiber = nullptr;
};

// A thread that waits in its warp.
struct Lane {
  WarpOperation operation;
  unsigned int mask;
  int source;  // lane
  uint64_t bits, result;
};

struct Warp {
  unsigned int waiting = 0;  // lanes
  std::array<Lane, kWarp> lanes;
};

// The block that runs; at most one does, under the device's lock.
struct Block {
  const std::function<void()>* thread = nullptr;
  int num_threads = 0, num_ended = 0, num_at_barrier = 0;
  bool backwards = false;
  std::array<uint64_t, kMaxThreads / 64> ready;  // bits of slots
  std::array<Warp, kMaxThreads / kWarp> warps;
  std::vector<std::unique_ptr<Fiber>> fibers;  // by slot; kept for later blocks
  Fiber host;                                  // the stack that runs the block
  Fiber* current = nullptr;
  Fiber* previous = nullptr;

  int Slot(int index) const { return backwards ? num_threads - 1 - index : index; }
  int Index(int slot) const { return Slot(slot); }
  void SetReady(int slot) { ready[slot / 64] |= uint64_t{1} << (slot % 64); }
  void SetAllReady() {
    ready.fill(0);
    for (int first = 0; first < num_threads; first += 64) {
      ready[first / 64] = ~uint64_t{0} >> (64 - std::min(64, num_threads - first));
    }
  }
};

Block& TheBlock() {
  static Block& block = *new Block;
  return block;
}

// The first half of a switch is on the old stack, this one is on the new.
void ArriveFromSwitch([[maybe_unused]] Block& block) {
#ifdef __SANITIZE_ADDRESS__
  Fiber& previous = *block.previous;
  __sanitizer_finish_switch_fiber(block.current->fake_stack, &previous.bottom, &previous.size);
#endif
}

void SwitchTo(Block& block, Fiber& next) {
  Fiber& current = *block.current;
  block.previous = &current;
  block.current = &next;
  threadIdx = next.thread;
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(&current.fake_stack, next.bottom, next.size);
#endif
#ifdef __SANITIZE_THREAD__
  __tsan_switch_to_fiber(next.tsan_fiber, 0);
#endif
  hone_emulation_switch(&current.stack_pointer, next.stack_pointer);
  ArriveFromSwitch(block);
}

const char* Name(WarpOperation operation) {
  switch (operation) {
    case WarpOperation::kSync:
      return "__syncwarp";
    case WarpOperation::kShuffle:
      return "__shfl_sync";
    case WarpOperation::kShuffleDown:
      return "__shfl_down_sync";
    case WarpOperation::kShuffleXor:
      return "__shfl_xor_sync";
  }
  return "?";
}

std::string Where() {
  return "a launch of grid " + Text(gridDim) + ", block " + Text(blockDim) + ", at blockIdx " +
         Text(blockIdx);
}

[[noreturn]] void AbortAtBarrier(const Block& block) {
  std::string warps;
  int num_in_warps = 0;
  for (int i = 0; i < block.num_threads; ++i) {
    const Warp& warp = block.warps[i / kWarp];
    if (!(warp.waiting >> (i % kWarp) & 1)) continue;
    if (++num_in_warps > 1) continue;
    const Lane& lane = warp.lanes[i % kWarp];
    char mask[16];
    std::snprintf(mask, sizeof(mask), "%#x", lane.mask);
    warps = " (thread " + std::to_string(i) + " in " + Name(lane.operation) + " with mask " + mask +
            ")";
  }
  Abort("a barrier never completes in " + Where() + ": of " + std::to_string(block.num_threads) +
        " threads " + std::to_string(block.num_ended) + " ended, " +
        std::to_string(block.num_at_barrier) + " wait at __syncthreads and " +
        std::to_string(num_in_warps) + " at barriers of warps" + warps);
}

// The next in the order of running that can go on, or null.
Fiber* NextReady(const Block& block) {
  const int words = (block.num_threads + 63) / 64;
  const int begin = block.current->slot + 1;  // may be the number of threads
  const auto first_of = [&](int word, uint64_t mask) -> Fiber* {
    const uint64_t bits = block.ready[word] & mask;
    return bits == 0 ? nullptr : block.fibers[word * 64 + std::countr_zero(bits)].get();
  };
  if (begin < block.num_threads) {
    if (Fiber* fiber = first_of(begin / 64, ~uint64_t{0} << (begin % 64))) return fiber;
  }
  for (int word = begin / 64 + 1; word < words; ++word) {
    if (Fiber* fiber = first_of(word, ~uint64_t{0})) return fiber;
  }
  for (int word = 0; word < words && word <= begin / 64; ++word) {
    if (Fiber* fiber = first_of(word, ~uint64_t{0})) return fiber;
  }
  return nullptr;
}

// Lets others run until some thread makes this one ready.
void WaitForOthers(Block& block) {
  const int slot = block.current->slot;
  block.ready[slot / 64] &= ~(uint64_t{1} << (slot % 64));
  Fiber* next = NextReady(block);
  if (next == nullptr) AbortAtBarrier(block);
  SwitchTo(block, *next);
}

// Where a fiber starts, once; it runs a thread of every block from there.
[[noreturn]] void RunFiber() {
  Block& block = TheBlock();
  ArriveFromSwitch(block);
  while (true) {
    (*block.thread)();
    const int slot = block.current->slot;
    block.ready[slot / 64] &= ~(uint64_t{1} << (slot % 64));
    Fiber* next = NextReady(block);
    if (++block.num_ended == block.num_threads) {
      next = &block.host;
    } else if (next == nullptr) {
      AbortAtBarrier(block);
    }
    SwitchTo(block, *next);
  }
}

std::unique_ptr<Fiber> NewFiber(int slot) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* memory = mmap(nullptr, page + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  // A stack that overflows meets the first page.
  if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0) {
    Abort("no memory for the stack of a thread");
  }
  auto fiber = std::make_unique<Fiber>();
  fiber->slot = slot;
  fiber->bottom = static_cast<char*>(memory) + page;
  fiber->size = kStackBytes;
#ifdef __SANITIZE_THREAD__
  fiber->tsan_fiber = __tsan_create_fiber(0);
#endif
  // Different offsets, or the same lines of every stack would fall into the same few sets of the
  // cache. What hone_emulation_switch pops: six registers, then RunFiber's address; above it, no
  // return address, where the calling convention wants an odd multiple of eight.
  auto* top =
      reinterpret_cast<void**>(static_cast<char*>(memory) + page + kStackBytes - slot % 16 * 256);
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(&RunFiber);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  fiber->stack_pointer = top;
  return fiber;
}

uint3 ThreadIndex(int index) {
  const auto i = static_cast<unsigned int>(index);
  return {i % blockDim.x, i / blockDim.x % blockDim.y, i / (blockDim.x * blockDim.y)};
}

void RunBlock(Block& block) {
  block.num_ended = block.num_at_barrier = 0;
  for (int slot = 0; slot < block.num_threads; ++slot) {
    Fiber& fiber = *block.fibers[slot];
    fiber.index = block.Index(slot);
    fiber.thread = ThreadIndex(fiber.index);
  }
  block.SetAllReady();
  block.current = &block.host;
  SwitchTo(block, *block.fibers[0]);
  block.current = nullptr;
}

}  // namespace

void RunGrid(dim3 grid, dim3 block_size, const std::function<void()>& thread) {
  Block& block = TheBlock();
  gridDim = grid;
  blockDim = block_size;
  block.thread = &thread;
  block.num_threads = static_cast<int>(block_size.x * block_size.y * block_size.z);
  while (static_cast<int>(block.fibers.size()) < block.num_threads) {
    block.fibers.push_back(NewFiber(static_cast<int>(block.fibers.size())));
  }
#ifdef __SANITIZE_THREAD__
  block.host.tsan_fiber = __tsan_get_current_fiber();
#endif
  uint64_t index = 0;
  for (unsigned int z = 0; z < grid.z; ++z) {
    for (unsigned int y = 0; y < grid.y; ++y) {
      for (unsigned int x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        block.backwards = index++ % 2 == 1;
        RunBlock(block);
      }
    }
  }
}

namespace {

int SourceLane(WarpOperation operation, int lane, int operand, int width) {
  const int begin = lane & ~(width - 1), end = begin + width;
  int source = lane;
  if (operation == WarpOperation::kShuffle) source = begin + (operand & (width - 1));
  if (operation == WarpOperation::kShuffleDown) source = lane + operand;
  if (operation == WarpOperation::kShuffleXor) source = lane ^ operand;
  return source < 0 || source >= end ? lane : source;
}

}  // namespace

uint64_t ExchangeInWarp(WarpOperation operation, unsigned int mask, uint64_t bits, int operand,
                        int width) {
  Block& block = TheBlock();
  if (block.current == nullptr) Abort(std::string(Name(operation)) + " outside a kernel");
  const int index = block.current->index, lane = index % kWarp;
  Warp& warp = block.warps[index / kWarp];
  if (!(mask >> lane & 1) || width < 1 || width > kWarp || (width & (width - 1)) != 0) {
    Abort(std::string(Name(operation)) + " with a mask without its own lane, or a width that is " +
          "no power of two, in " + Where() + ", thread " + std::to_string(index));
  }
  Lane& own = warp.lanes[lane];
  own = {operation, mask, SourceLane(operation, lane, operand, width), bits, 0};
  warp.waiting |= 1u << lane;

  // The last warp of a block may have fewer threads than the mask names.
  const int num_lanes = std::min(kWarp, block.num_threads - (index - lane));
  const unsigned int present = mask & (~0u >> (kWarp - num_lanes));
  if ((warp.waiting & present) != present) {
    WaitForOthers(block);
    return own.result;
  }
  for (unsigned int left = present; left != 0; left &= left - 1) {
    Lane& other = warp.lanes[std::countr_zero(left)];
    if (other.mask != mask || other.operation != operation) AbortAtBarrier(block);
    other.result = present >> other.source & 1 ? warp.lanes[other.source].bits : ~uint64_t{0};
    block.SetReady(block.Slot(index - lane + std::countr_zero(left)));
  }
  warp.waiting &= ~present;
  return own.result;
}

}  // namespace hone::emulation

void __syncthreads() {
  using namespace hone::emulation;
  Block& block = TheBlock();
  if (block.current == nullptr) Abort("__syncthreads outside a kernel");
  if (++block.num_at_barrier < block.num_threads) {
    WaitForOthers(block);
    return;
  }
  block.num_at_barrier = 0;
  block.SetAllReady();
}
