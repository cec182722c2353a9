#include "base/process_metrics.h"

#include <sys/resource.h>

#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(ProcessMetrics, SayWhatTheSystemSays) {
  MetricsRegistry registry;
  AddProcessMetrics(&registry);
  const std::vector<char> memory(64 << 20, 1);
  registry.Text();
  const auto gauge = [&](const char* name) { return registry.GetGauge(name, "").value(); };
  EXPECT_GE(gauge("process_resident_memory_bytes"), memory.size());
  EXPECT_GE(gauge("process_virtual_memory_bytes"), gauge("process_resident_memory_bytes"));
  EXPECT_EQ(gauge("process_num_threads"), 1);
  EXPECT_GE(gauge("process_open_fds"), 3);
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_LE(gauge("process_start_time_seconds"), now + 1);
  EXPECT_GE(gauge("process_start_time_seconds"), now - 3600);

  rusage usage;
  do {
    getrusage(RUSAGE_SELF, &usage);
  } while (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec == 0 &&
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < 100'000);
  registry.Text();
  EXPECT_GE(registry.GetCounter("process_cpu_seconds_total", "").value(), 0.05);
}

}  // namespace
}  // namespace hone
