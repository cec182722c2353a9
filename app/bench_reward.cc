#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/bench.h"
#include "app/grade_line.h"
#include "app/jsonl.h"
#include "config/load.h"
#include "data/json_text.h"
#include "reward/sandbox/sandbox.h"
#include "reward/verifier.h"

namespace hone {
namespace {

struct Options {
  std::string reward, input;
  int repeats = 5;
};

StatusOr<std::vector<GradeLine>> ReadLines(const std::string& path) {
  std::vector<GradeLine> lines;
  HONE_RETURN_IF_ERROR(
      ReadJsonl(path, [&](const nlohmann::json& line, const std::string& where) -> Status {
        HONE_ASSIGN_OR_RETURN(GradeLine read, ReadGradeLine(line, where));
        lines.push_back(std::move(read));
        return absl::OkStatus();
      }));
  if (lines.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " has no lines"));
  return lines;
}

// What the sandbox adds to a test: the wall-clock time of a program that does nothing, the median
// of so many runs. It starts afresh for each of them.
StatusOr<double> SandboxOverhead(const std::string& reward) {
  constexpr int kRuns = 300;
  constexpr Limits kLimits = {.memory_bytes = uint64_t{1} << 30, .output_bytes = 1 << 20};
  const bool python = reward == "python";
  HONE_ASSIGN_OR_RETURN(const Sandbox sandbox,
                        Sandbox::Make(python ? CellKind::kPython : CellKind::kNative));
  Program program;
  if (python) {
    HONE_ASSIGN_OR_RETURN(program, sandbox.Load("pass"));
  } else {
    HONE_ASSIGN_OR_RETURN(auto compiled, sandbox.Compile("int main() {}"));
    program = std::move(compiled.first);
  }
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    const double begin = SecondsNow();
    HONE_ASSIGN_OR_RETURN(const Execution done, sandbox.Run(program, false, "", kLimits));
    if (done.ending != Ending::kFinished) return absl::InternalError(done.how);
    times.push_back(SecondsNow() - begin);
  }
  return Median(times);
}

Status BenchReward(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const VerifierSpec spec, ParseVerifier(options.reward, "--reward"));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Verifier> verifier, MakeVerifier(spec));
  HONE_ASSIGN_OR_RETURN(const std::vector<GradeLine> lines, ReadLines(options.input));
  std::vector<double> times;
  std::array<int64_t, kOutcomes.size()> counts{};
  double slowest = 0;
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    counts = {};
    const double begin = SecondsNow();
    double last = begin;
    for (const GradeLine& line : lines) {
      const Verdict verdict = verifier->Judge(line.prompt, line.completion, line.answer);
      for (size_t i = 0; i < kOutcomes.size(); ++i) counts[i] += verdict.outcome == kOutcomes[i];
      const double now = SecondsNow();
      slowest = std::max(slowest, now - last);
      last = now;
    }
    times.push_back(SecondsNow() - begin);
  }
  const double seconds = Median(times);
  std::string out = "{\"reward\":";
  AppendJsonString(options.reward, &out);
  out += ",\"input\":";
  AppendJsonString(options.input, &out);
  absl::StrAppend(&out, ",\"judgements\":", lines.size(),
                  ",\"threads\":1,\"repeats\":", options.repeats, ",\"seconds\":", seconds,
                  ",\"judgements_per_second\":", static_cast<double>(lines.size()) / seconds,
                  ",\"slowest_seconds\":", slowest);
  for (size_t i = 0; i < kOutcomes.size(); ++i) {
    absl::StrAppend(&out, ",\"", Name(kOutcomes[i]), "\":", counts[i]);
  }
  if (spec.name == "python" || spec.name == "cpp") {
    HONE_ASSIGN_OR_RETURN(const double overhead, SandboxOverhead(spec.name));
    absl::StrAppend(&out, ",\"sandbox_seconds_per_test\":", overhead);
  }
  std::printf("%s}\n", out.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddBenchReward(CLI::App* bench, Action* action) {
  CLI::App* app = bench->add_subcommand("reward", "judgements per second of one core");
  app->footer(
      "Judges every line of the file, as hone grade reads it; reading excluded; the median of "
      "--repeats.\nFor python and cpp sandbox_seconds_per_test is what an empty program takes.\n"
      "bench/compare_reward.py measures math-verify beside it.\n\n"
      "Example:\n  hone bench reward --reward math --input in.jsonl");
  auto o = std::make_shared<Options>();
  app->add_option("--reward", o->reward, kRewardHelp)->required();
  app->add_option("--input", o->input, "JSON lines: completion, answer, prompt?")->required();
  AddRepeatsOption(app, &o->repeats);
  app->callback([o, action] { *action = [o] { return BenchReward(*o); }; });
}

}  // namespace hone
