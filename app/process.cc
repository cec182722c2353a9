#include "app/process.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "cluster/mpi_world.h"

namespace hone {
namespace {

std::atomic<bool> stop{false}, rank_lost{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler stores into it");

void RaiseStop(int) { stop.store(true); }
void RaiseRankLost(int) { rank_lost.store(true); }

void Handle(int signal, void (*handler)(int)) {
  struct sigaction action;
  std::memset(&action, 0, sizeof(action));
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(signal, &action, nullptr);
}

}  // namespace

const std::atomic<bool>& StopFlag() {
  static const bool installed = [] {
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) Handle(signal, RaiseStop);
    return true;
  }();
  (void)installed;
  return stop;
}

const std::atomic<bool>& RankLostFlag() {
  static const bool installed = [] {
    (void)StopFlag();  // first: it takes SIGTERM, too
    if (NumStartedRanks() > 1) Handle(SIGTERM, RaiseRankLost);
    return true;
  }();
  (void)installed;
  return rank_lost;
}

int64_t PeakResidentBytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

int64_t AvailableMemoryBytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    long long kib;
    if (std::sscanf(line.c_str(), "MemAvailable: %lld kB", &kib) == 1) return kib * 1024;
  }
  return int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
}

}  // namespace hone
