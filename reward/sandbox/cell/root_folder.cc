#include "reward/sandbox/cell/root_folder.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <initializer_list>

#include "reward/sandbox/cell/report.h"
#include "reward/sandbox/protocol.h"

namespace hone::sandbox {
namespace {

// A folder that every machine has; what it holds is hidden in this mount namespace alone.
constexpr char kStage[] = "/tmp";

void MakeReadOnly(const char* path, uint64_t more_attributes) {
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | more_attributes;
  Demand(syscall(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof(attributes)),
         "mount_setattr (Linux 5.12 or later is needed)");
}

// The machine's `path` at the same place below the stage, if the machine has it: a link as a link,
// anything else as a bind mount.
void Show(const char* path, bool is_folder, uint64_t attributes) {
  struct stat info;
  if (lstat(path, &info) != 0) return;
  char to[128];
  snprintf(to, sizeof(to), "%s%s", kStage, path);
  if (S_ISLNK(info.st_mode)) {
    char target[128] = {};
    if (readlink(path, target, sizeof(target) - 1) > 0) Demand(symlink(target, to), to);
    return;
  }
  if (is_folder) {
    Demand(mkdir(to, 0755), to);
  } else {
    const int fd = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    Demand(fd, to);
    close(fd);
  }
  Demand(mount(path, to, nullptr, MS_BIND | MS_REC, nullptr), path);
  MakeReadOnly(to, attributes);
}

void MountScratch(const char* path) {
  char options[96];
  snprintf(options, sizeof(options), "mode=0700,size=%llu,nr_inodes=%llu",
           static_cast<unsigned long long>(kScratchBytes),
           static_cast<unsigned long long>(kScratchFiles));
  Demand(mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOATIME, options),
         "mounting the scratch folder");
}

}  // namespace

void EnterRootFolder() {
  Demand(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "making mounts private");
  Demand(mount("tmpfs", kStage, "tmpfs", MS_NOSUID, "mode=0755,size=1m"), "mounting the root");
  for (const char* folder : {"/usr", "/lib", "/lib64", "/lib32", "/libx32", "/bin", "/sbin"}) {
    Show(folder, /*is_folder=*/true, MOUNT_ATTR_NODEV);
  }
  Demand(mkdir("/tmp/etc", 0755), "making /etc");
  Show("/etc/alternatives", /*is_folder=*/true, MOUNT_ATTR_NODEV);
  Show("/etc/ld.so.cache", /*is_folder=*/false, MOUNT_ATTR_NODEV);
  Demand(mkdir("/tmp/dev", 0755), "making /dev");
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/urandom"}) {
    Show(device, /*is_folder=*/false, MOUNT_ATTR_NOEXEC);
  }
  Demand(mkdir("/tmp/tmp", 0755), "making /tmp");
  MountScratch("/tmp/tmp");

  Demand(chdir(kStage), "entering the root");
  // Both roots at one place, so that the old one needs no folder of its own in the new one.
  Demand(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  Demand(umount2(".", MNT_DETACH), "unmounting the machine's root");
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
  Demand(syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attributes, sizeof(attributes)),
         "making the root read-only");
  Demand(chdir("/tmp"), "entering /tmp");
}

}  // namespace hone::sandbox
