#include "reward/sandbox/cell/report.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "reward/sandbox/protocol.h"

namespace hone::sandbox {

void Refuse(const char* what) {
  char text[kMaxMessageBytes];
  const int length = snprintf(text, sizeof(text), "E%s: %s", what, strerror(errno));
  (void)!send(kControlFd, text, length, MSG_NOSIGNAL);
  _exit(1);
}

}  // namespace hone::sandbox
