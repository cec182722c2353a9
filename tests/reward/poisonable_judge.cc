// A judge like `hone judge`, but that some completions are poison to it; for tests.
//   crash, exit, hang, allocate    what they say
//   hang-once PATH …               hangs, but for when the file is there, which it makes
//   who                            correct; the process id is the detail
//
// usage: poisonable_judge [start-fails], with a socket as stdin
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reward/judge.h"

namespace hone {
namespace {

#ifdef HONE_SANITIZE
constexpr int64_t kMemoryBytes = 0;
#else
constexpr int64_t kMemoryBytes = 256 << 20;
#endif

void Taste(const std::string& completion) {
  if (completion == "crash") raise(SIGSEGV);
  if (completion == "exit") _exit(0);
  if (completion == "hang") {
    while (true) pause();
  }
  const std::vector<std::string> words = absl::StrSplit(completion, ' ');
  if (words[0] == "hang-once" && !std::filesystem::exists(words[1])) {
    // Who hangs; there all at once.
    std::ofstream(words[1] + ".part") << getpid();
    std::filesystem::rename(words[1] + ".part", words[1]);
    while (true) pause();
  }
  if (completion == "allocate") {
    std::vector<std::string> hoard;
    while (true) hoard.emplace_back(16 << 20, 'x');
  }
}

Status Judge(const JudgeRequest& real, const proto::ScoreRequest& request, const TakeScore& take) {
  for (const proto::ScoreItem& item : request.items()) {
    Taste(item.completion());
    if (item.completion() == "who") {
      proto::Score score;
      score.set_outcome(proto::OUTCOME_CORRECT);
      score.add_outcomes(proto::OUTCOME_CORRECT);
      score.set_detail(absl::StrCat(getpid()));
      usleep(50'000);  // others are to have their share
      take(score, 0);
      continue;
    }
    proto::ScoreRequest alone;
    *alone.mutable_terms() = request.terms();
    *alone.add_items() = item;
    HONE_RETURN_IF_ERROR(real(alone, take));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace hone

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "start-fails") == 0) return 3;
  hone::RunJudge(
      STDIN_FILENO,
      [real = hone::MakeJudge()](const hone::proto::ScoreRequest& request,
                                 const hone::TakeScore& take) {
        return hone::Judge(real, request, take);
      },
      hone::kMemoryBytes);
}
