#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "app/command.h"
#include "app/process.h"
#include "base/cores.h"
#include "hone_version.h"
#include "kernels/isa.h"
#include "reward/sandbox/sandbox.h"
#include "torch/headeronly/version.h"

namespace hone {
namespace {

// A line of the report. `advice` is for what is missing: what for, and how to get it.
struct Finding {
  std::string name, value, advice;
};

std::string FindProgram(absl::string_view name) {
  const char* path = std::getenv("PATH");
  for (const absl::string_view folder : absl::StrSplit(path == nullptr ? "" : path, ':')) {
    const std::string file = absl::StrCat(folder, "/", name);
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

// The first line of `file` that begins with `key`: what follows the colon.
std::string ReadField(const std::string& file, absl::string_view key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!absl::StartsWith(line, key)) continue;
    const size_t colon = line.find(':');
    if (colon != std::string::npos)
      return std::string(absl::StripAsciiWhitespace(absl::string_view(line).substr(colon + 1)));
  }
  return "";
}

std::string Gigabytes(double bytes) { return absl::StrFormat("%.1f GB", bytes / double{1 << 30}); }

Finding Processor() {
  const std::string model = ReadField("/proc/cpuinfo", "model name");
  return {"cores", absl::StrCat(NumCores(), model.empty() ? "" : " of " + model), ""};
}

Finding InstructionSet() {
  const Status usable = InitIsa();
  if (!usable.ok()) {
    return {"instructions", "", absl::StrCat(usable.message(), "; another machine is needed")};
  }
  const Isa isa = ActiveIsa();
  return {"instructions",
          isa == Isa::kAvx2     ? "AVX2 (AVX-512 would be faster; same results)"
          : isa == Isa::kAvx512 ? "AVX-512"
                                : "AVX-512 with BF16",
          ""};
}

Finding Memory() {
  const double total = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  return {"memory",
          absl::StrCat(Gigabytes(static_cast<double>(AvailableMemoryBytes())), " free of ",
                       Gigabytes(total)),
          ""};
}

Finding Disk() {
  struct statvfs info;
  if (statvfs(".", &info) != 0) return {"disk", "", "the current folder cannot be examined"};
  return {"disk",
          absl::StrCat(Gigabytes(static_cast<double>(info.f_bavail) * info.f_frsize),
                       " free in the current folder, where runs/ is made"),
          ""};
}

Finding Gpus() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", error)) {
    names.push_back(ReadField(entry.path().string() + "/information", "Model"));
  }
  if (names.empty()) {
    return {"GPUs", "", "none with an NVIDIA driver; everything runs on the CPU as well"};
  }
#ifdef HONE_CUDA
  constexpr char kUse[] = "";
#else
  constexpr char kUse[] = "; not used: this program was built without CUDA (./dev build --cuda)";
#endif
  return {"GPUs", absl::StrCat(names.size(), " × ", names.front(), kUse), ""};
}

Finding Nccl() {
  for (const char* folder : {"/usr/lib/x86_64-linux-gnu", "/usr/local/cuda/lib64", "/usr/lib64"}) {
    const std::string file = absl::StrCat(folder, "/libnccl.so.2");
    if (access(file.c_str(), R_OK) == 0) return {"NCCL", file, ""};
  }
  return {"NCCL", "", "collectives between GPUs; ./dev setup --cuda brings it with the GPU build"};
}

Finding Program(const std::string& name, const std::string& program, const std::string& advice) {
  return {name, FindProgram(program), advice};
}

// Whether programs of models can be run here.
Finding SandboxFor(const std::string& reward, CellKind kind) {
  const Status status = Sandbox::Make(kind).status();
  if (status.ok()) return {absl::StrCat("sandbox, ", reward), "works", ""};
  return {absl::StrCat("sandbox, ", reward), "",
          absl::StrCat("the reward `", reward, "`; ", status.message())};
}

Status Doctor() {
  const std::vector<Finding> findings = {
      {"hone", absl::StrCat(kVersion, " (", kCommit, "), with LibTorch ", TORCH_VERSION), ""},
      Processor(),
      InstructionSet(),
      Memory(),
      Disk(),
      Gpus(),
      Nccl(),
      Program("MPI", "mpirun",
              "learners of several ranks on CPUs; apt install openmpi-bin libopenmpi-dev"),
      Program("Slurm", "sbatch", "jobs on a cluster; apt install slurm-client, on a login node"),
      SandboxFor("python", CellKind::kPython),
      SandboxFor("cpp", CellKind::kNative),
  };
  for (const Finding& finding : findings) {
    if (!finding.value.empty()) {
      std::printf("  ok       %-16s %s\n", finding.name.c_str(), finding.value.c_str());
    } else {
      std::printf("  missing  %-16s %s\n", finding.name.c_str(), finding.advice.c_str());
    }
  }
  return absl::OkStatus();
}

}  // namespace

void AddDoctor(CLI::App* root, Action* action) {
  CLI::App* app =
      root->add_subcommand("doctor", "what this machine offers, what is missing and how to get it");
  app->footer("Example:\n  hone doctor");
  app->callback([action] { *action = Doctor; });
}

}  // namespace hone
