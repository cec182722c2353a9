// Whether a sandbox should be possible where the tests run.
#ifndef HONE_TESTS_REWARD_SANDBOX_MACHINE_H_
#define HONE_TESTS_REWARD_SANDBOX_MACHINE_H_

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "gtest/gtest.h"

namespace hone {

// Asks the kernel directly, without any of Hone's code.
inline bool MachineHasNamespaces() {
  const pid_t child = fork();
  if (child == 0) {
    const bool made = unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET) == 0 &&
                      mount("tmpfs", "/tmp", "tmpfs", 0, nullptr) == 0;
    _exit(made ? 0 : 1);
  }
  int status = 1;
  return waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace hone

// Skips a test, with the reason, only where the kernel forbids what every sandbox needs.
#define HONE_NEEDS_SANDBOX()                                                  \
  if (!::hone::MachineHasNamespaces()) {                                      \
    GTEST_SKIP() << "this machine forbids user namespaces or mounts in them"; \
  }                                                                           \
  static_assert(true)

#endif  // HONE_TESTS_REWARD_SANDBOX_MACHINE_H_
