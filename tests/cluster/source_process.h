// A rank in a process of its own (tests/cluster/weights_probe.cc).
#ifndef HONE_TESTS_CLUSTER_SOURCE_PROCESS_H_
#define HONE_TESTS_CLUSTER_SOURCE_PROCESS_H_

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "data/weights_source.h"
#include "gtest/gtest.h"

namespace hone {

// Float i of the flat buffer in this version.
inline float ProbeValue(int64_t i, uint64_t version) {
  return static_cast<float>(i % (1 << 20) + version);
}

class SourceProcess {
 public:
  SourceProcess(uint64_t version, int64_t begin, int64_t count) {
    int in[2], out[2];
    EXPECT_EQ(pipe2(in, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    const std::string words[] = {std::to_string(version), std::to_string(begin),
                                 std::to_string(count)};
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      execl(HONE_WEIGHTS_PROBE, HONE_WEIGHTS_PROBE, words[0].c_str(), words[1].c_str(),
            words[2].c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    stdin_ = in[1];
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(out[0], buffer, sizeof(buffer))) > 0;) text.append(buffer, n);
    close(out[0]);
    const StatusOr<WeightsSource> source = DecodeSource(text);
    EXPECT_TRUE(source.ok()) << source.status();
    if (source.ok()) source_ = *source;
  }
  SourceProcess(const SourceProcess&) = delete;
  ~SourceProcess() {
    Kill();
    close(stdin_);
  }

  const WeightsSource& source() const { return source_; }
  void Signal(int signal_number) const { kill(pid_, signal_number); }
  void Kill() {
    if (pid_ <= 0) return;
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  int stdin_ = -1;
  WeightsSource source_;
};

}  // namespace hone

#endif  // HONE_TESTS_CLUSTER_SOURCE_PROCESS_H_
