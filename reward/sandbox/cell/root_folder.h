// The files that a cell sees: its own root, read-only, with what programs of the system need.
#ifndef HONE_REWARD_SANDBOX_CELL_ROOT_FOLDER_H_
#define HONE_REWARD_SANDBOX_CELL_ROOT_FOLDER_H_

namespace hone::sandbox {

// For a process that is alone in new user and mount namespaces. Afterwards / holds:
//   /usr, /lib…, /bin     of the machine, read-only, with the mounts below them
//   /etc                  ld.so.cache and alternatives alone: no accounts, no names of hosts
//   /dev                  null, zero and urandom
//   /tmp                  the working folder, empty, bounded (protocol.h), the one place to write
// There is no /proc and no /sys. The machine's own root is no longer mounted.
void EnterRootFolder();

}  // namespace hone::sandbox

#endif  // HONE_REWARD_SANDBOX_CELL_ROOT_FOLDER_H_
