// A rank's process for tests: publishes floats [BEGIN, BEGIN + COUNT) of the buffer whose float i
// is i mod 2^20 + VERSION, writes the source to stdout, and lives until stdin is closed.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cluster/weights_publisher.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const uint64_t version = std::strtoull(argv[1], nullptr, 10);
  const int64_t begin = std::atoll(argv[2]), count = std::atoll(argv[3]);
  std::vector<float> values(count);
  for (int64_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>((begin + i) % (1 << 20) + version);
  }
  const auto publisher = hone::WeightsPublisher::Start("127.0.0.1:0");
  if (!publisher.ok()) return 1;
  const auto source = (*publisher)->Publish(version, {{begin, values}});
  if (!source.ok()) return 1;
  const std::string message = EncodeSource(*source);
  if (std::fwrite(message.data(), 1, message.size(), stdout) != message.size()) return 1;
  std::fclose(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
