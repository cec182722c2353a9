// What a process holds on to, for tests that nothing is left behind.
#ifndef HONE_TESTS_REWARD_SANDBOX_LEFTOVERS_H_
#define HONE_TESTS_REWARD_SANDBOX_LEFTOVERS_H_

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

namespace hone {

inline int NumOpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<int>(std::distance(begin(files), end(files)));
}

// Processes that this one started, and theirs, as the machine sees them.
inline int NumDescendants() {
  std::map<int, int> parent_of;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (std::atoi(entry.path().filename().c_str()) == 0) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string text;
    std::getline(stat, text);  // a process may be gone by now
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos || text.size() < name_end + 4) continue;
    parent_of[std::atoi(text.c_str())] = std::atoi(text.c_str() + name_end + 4);
  }
  int count = 0;
  for (const auto& [process, parent] : parent_of) {
    std::set<int> seen;  // the table is no snapshot: a number may come back as another process
    for (int at = parent; at > 0 && seen.insert(at).second; at = parent_of[at]) {
      if (at == getpid()) ++count;
    }
  }
  return count;
}

}  // namespace hone

#endif  // HONE_TESTS_REWARD_SANDBOX_LEFTOVERS_H_
