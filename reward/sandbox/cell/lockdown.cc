#include "reward/sandbox/cell/lockdown.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "reward/sandbox/cell/report.h"

namespace hone::sandbox {
namespace {

void Limit(int resource, uint64_t value) {
  const rlimit limit = {value, value};
  Demand(setrlimit(static_cast<__rlimit_resource_t>(resource), &limit), "setting a limit");
}

void DropCapabilities() {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    Demand(prctl(PR_CAPBSET_DROP, capability), "dropping capabilities");
  }
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  Demand(syscall(SYS_capset, &header, none), "dropping capabilities");
  Demand(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "setting no_new_privs");
}

// Rights of later kernels than the headers of Debian 12 know.
constexpr uint64_t kRefer = 1ULL << 13, kTruncate = 1ULL << 14;
constexpr uint64_t kBindTcp = 1ULL << 0, kConnectTcp = 1ULL << 1;
struct Ruleset {  // as struct landlock_ruleset_attr has grown
  uint64_t handled_access_fs, handled_access_net;
};

void AllowBelow(int ruleset, const char* path, uint64_t rights) {
  landlock_path_beneath_attr rule = {};
  rule.allowed_access = rights;
  rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
  Demand(rule.parent_fd, path);
  Demand(syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0),
         "adding a Landlock rule");
  close(rule.parent_fd);
}

// A second wall behind the read-only mounts and the empty network.
void RestrictByLandlock() {
  const long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return;  // the kernel has no Landlock, or has it switched off
  constexpr uint64_t kReading =
      LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  constexpr uint64_t kFirst = (1ULL << 13) - 1;  // all rights of the first version
  const uint64_t truncating = abi >= 3 ? kTruncate : 0;
  const uint64_t all = kFirst | (abi >= 2 ? kRefer : 0) | truncating;
  const Ruleset handled = {all, abi >= 4 ? kBindTcp | kConnectTcp : 0};
  const size_t size = abi >= 4 ? sizeof(handled) : sizeof(handled.handled_access_fs);
  const int ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, size, 0));
  Demand(ruleset, "making a Landlock ruleset");
  AllowBelow(ruleset, "/", kReading);
  AllowBelow(ruleset, "/dev/null",
             LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | truncating);
  AllowBelow(ruleset, "/tmp", all);
  Demand(syscall(SYS_landlock_restrict_self, ruleset, 0), "entering Landlock");
  close(ruleset);
}

}  // namespace

void LockDown(uint64_t stack_bytes) {
  Limit(RLIMIT_CORE, 0);
  Limit(RLIMIT_MSGQUEUE, 0);
  Limit(RLIMIT_MEMLOCK, 0);
  Limit(RLIMIT_NOFILE, kMaxOpenFiles);
  Limit(RLIMIT_STACK, stack_bytes);
  Limit(RLIMIT_NPROC, kMaxThreads + 2);  // and the cell's own two processes
  DropCapabilities();
  RestrictByLandlock();
}

void LimitTo(const Job& job) {
  Limit(RLIMIT_CPU, job.cpu_seconds);
  Limit(RLIMIT_AS, job.memory_bytes);
  Limit(RLIMIT_FSIZE, job.output_bytes);
}

}  // namespace hone::sandbox
