#include "app/run_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "config/load.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

// What a run writes into its folder. The ledger has companions (-wal, -shm, -journal), and what is
// being written ends in .incomplete.
std::vector<std::string> Contents(const RunFolder& folder) {
  return {folder.experiment(), folder.metrics(),   folder.tensorboard(),
          folder.rollouts(),   folder.ledger(),    folder.checkpoints(),
          folder.report(),     folder.logs(),      folder.coordinator_address(),
          folder.prometheus(), SummaryPath(folder)};
}

bool BelongsToRun(const RunFolder& folder, const std::string& path) {
  for (const std::string& known : Contents(folder)) {
    if (path == known || path == known + ".incomplete") return true;
  }
  return absl::StartsWith(path, folder.ledger() + "-");
}

StatusOr<std::vector<std::string>> Entries(const RunFolder& folder) {
  std::error_code error;
  std::vector<std::string> entries;
  for (const auto& entry : fs::directory_iterator(folder.root, error)) {
    entries.push_back(absl::StrCat(folder.root, "/", entry.path().filename().string()));
  }
  if (error && error.value() != ENOENT) {
    return FromErrno(error.value(), absl::StrCat("cannot read the folder ", folder.root));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

// The lines that determine the result.
std::vector<std::string> DecisiveLines(const Experiment& experiment) {
  return absl::StrSplit(ToYaml(DecisivePart(experiment)), '\n');
}

// "\n  there: …\n  here:  …" for the first line that differs.
std::string FirstDifference(const Experiment& there, const Experiment& here) {
  std::vector<std::string> before = DecisiveLines(there), now = DecisiveLines(here);
  const size_t length = std::max(before.size(), now.size());
  before.resize(length, "(nothing)");
  now.resize(length, "(nothing)");
  for (size_t i = 0; i < length; ++i) {
    if (before[i] == now[i]) continue;
    return absl::StrCat("\n  there: ", absl::StripAsciiWhitespace(before[i]), "   (line ", i + 1,
                        ")\n  here:  ", absl::StripAsciiWhitespace(now[i]));
  }
  return "";
}

}  // namespace

StatusOr<RunLock> RunLock::Take(const RunFolder& folder) {
  const int fd = open(folder.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return FromErrno(errno, absl::StrCat("cannot open ", folder.lock()));
  RunLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FromErrno(errno, absl::StrCat("cannot lock ", folder.lock()));
    const StatusOr<std::string> holder = ReadFile(folder.lock());
    return absl::FailedPreconditionError(
        absl::StrCat("another hone is working in ", folder.root,
                     holder.ok() && !holder->empty()
                         ? absl::StrCat(" (process ", absl::StripAsciiWhitespace(*holder), ")")
                         : "",
                     "; wait for it, or give another folder with --out"));
  }
  const std::string process = absl::StrCat(getpid(), "\n");
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, process.data(), process.size(), 0) != static_cast<ssize_t>(process.size())) {
    return FromErrno(errno, absl::StrCat("cannot write ", folder.lock()));
  }
  return lock;
}

RunLock::RunLock(RunLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

RunLock::~RunLock() {
  if (fd_ >= 0) close(fd_);
}

std::string SummaryPath(const RunFolder& folder) { return folder.root + "/summary.txt"; }

Status CheckIsRunFolder(const RunFolder& folder) {
  if (FileExists(folder.experiment())) return absl::OkStatus();
  HONE_ASSIGN_OR_RETURN(const std::vector<std::string> entries, Entries(folder));
  for (const std::string& entry : entries) {
    if (entry == folder.lock() || BelongsToRun(folder, entry)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(folder.root, " holds other things (", fs::path(entry).filename().string(),
                     ") and is no run folder; give a new one with --out"));
  }
  return absl::OkStatus();
}

Status ClearRunFolder(const RunFolder& folder) {
  HONE_ASSIGN_OR_RETURN(const std::vector<std::string> entries, Entries(folder));
  for (const std::string& entry : entries) {
    if (!BelongsToRun(folder, entry)) continue;
    std::error_code error;
    fs::remove_all(entry, error);
    if (error) return FromErrno(error.value(), absl::StrCat("cannot delete ", entry));
  }
  return absl::OkStatus();
}

Status CheckSameExperiment(const RunFolder& folder, const Experiment& experiment) {
  if (!FileExists(folder.experiment())) return absl::OkStatus();
  constexpr absl::string_view kAdvice =
      "\ngive another folder with --out, or delete that run and start anew with --fresh";
  const StatusOr<Experiment> there = LoadExperiment(folder.experiment(), {});
  if (!there.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the run in ", folder.root, " cannot be continued: ", there.status().message(), kAdvice));
  }
  if (ExperimentHash(*there) == ExperimentHash(experiment)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      folder.root, " holds another experiment:", FirstDifference(*there, experiment), kAdvice));
}

Status WriteExperiment(const RunFolder& folder, const Experiment& experiment) {
  HONE_RETURN_IF_ERROR(CheckSameExperiment(folder, experiment));
  return WriteFileAtomically(folder.experiment(), ToYaml(experiment));
}

}  // namespace hone
