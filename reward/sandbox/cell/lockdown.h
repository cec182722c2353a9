// What a cell gives up before it reads anything from outside.
#ifndef HONE_REWARD_SANDBOX_CELL_LOCKDOWN_H_
#define HONE_REWARD_SANDBOX_CELL_LOCKDOWN_H_

#include "reward/sandbox/protocol.h"

namespace hone::sandbox {

// For ever: all capabilities, and any way to gain some; through Landlock, where the kernel has it,
// writing outside /tmp and TCP. Bounds what no job changes: threads, open files, core dumps, the
// stack, whose limit shapes the address space when a program starts.
void LockDown(uint64_t stack_bytes);

// The limits of a job, for the process that is about to become it.
void LimitTo(const Job& job);

}  // namespace hone::sandbox

#endif  // HONE_REWARD_SANDBOX_CELL_LOCKDOWN_H_
