#include "base/process_metrics.h"

#include <dirent.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace hone {
namespace {

int64_t CountOpenFiles() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int64_t count = -3;  // ".", ".." and the folder itself
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

struct ProcessStat {
  uint64_t cpu_ticks = 0, num_threads = 0, start_ticks = 0, virtual_bytes = 0, resident_pages = 0;
};

ProcessStat ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  ProcessStat stat;
  // The program's name stands in parentheses and may have any character in it.
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return stat;
  uint64_t user_ticks = 0, system_ticks = 0;
  std::sscanf(line.c_str() + name_end + 1,
              " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
              " %*d %*d %*d %*d %" SCNu64 " %*d %" SCNu64 " %" SCNu64 " %" SCNu64,
              &user_ticks, &system_ticks, &stat.num_threads, &stat.start_ticks, &stat.virtual_bytes,
              &stat.resident_pages);
  stat.cpu_ticks = user_ticks + system_ticks;
  return stat;
}

// When the machine started, in seconds since 1970.
double BootTime() {
  std::ifstream file("/proc/uptime");
  double uptime = 0;
  file >> uptime;
  return absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()) - uptime;
}

}  // namespace

void AddProcessMetrics(MetricsRegistry* registry) {
  Counter& cpu = registry->GetCounter("process_cpu_seconds_total",
                                      "Processor time, user and system, in seconds.");
  Gauge& resident =
      registry->GetGauge("process_resident_memory_bytes", "Memory that is resident, in bytes.");
  Gauge& virtual_memory =
      registry->GetGauge("process_virtual_memory_bytes", "Address space in use, in bytes.");
  Gauge& start = registry->GetGauge("process_start_time_seconds",
                                    "When the process started, in seconds since 1970.");
  Gauge& files = registry->GetGauge("process_open_fds", "Open file descriptors.");
  Gauge& threads = registry->GetGauge("process_num_threads", "Threads.");
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  start.Set(BootTime() + static_cast<double>(ReadStat().start_ticks) / ticks);
  registry->AddCollector([&cpu, &resident, &virtual_memory, &files, &threads, ticks, page_bytes] {
    const ProcessStat stat = ReadStat();
    cpu.Add(static_cast<double>(stat.cpu_ticks) / ticks - cpu.value());
    resident.Set(static_cast<double>(stat.resident_pages) * page_bytes);
    virtual_memory.Set(static_cast<double>(stat.virtual_bytes));
    threads.Set(static_cast<double>(stat.num_threads));
    files.Set(static_cast<double>(CountOpenFiles()));
  });
}

}  // namespace hone
