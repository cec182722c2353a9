#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "app/bench.h"
#include "app/grade_line.h"
#include "app/jsonl.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "config/load.h"
#include "data/json_text.h"
#include "data/wire.h"
#include "reward/judge_pool.h"
#include "reward/sandbox/sandbox.h"
#include "reward/verifier.h"

namespace hone {
namespace {

struct Options {
  std::string reward, input;
  int judges = 0, repeats = 5;
};

// As the coordinator asks: trainer/coordinator/score_queue.cc and reward_client.h.
constexpr size_t kItemsOfCall = 128;
constexpr int kCallers = 4;
constexpr absl::Duration kCallTime = absl::Minutes(5);

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

struct Measured {
  std::vector<double> times;  // seconds of each repeat
  std::array<int64_t, kOutcomes.size()> counts{};
  double slowest = 0;  // seconds of a judgement; of a call, if a pool judges

  void Count(Outcome outcome) {
    for (size_t i = 0; i < kOutcomes.size(); ++i) counts[i] += outcome == kOutcomes[i];
  }
};

// In this thread.
StatusOr<Measured> JudgeHere(const Options& options, const VerifierSpec& spec,
                             const std::vector<GradeLine>& lines) {
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Verifier> verifier, MakeVerifier(spec));
  Measured measured;
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    measured.counts = {};
    const double begin = SecondsNow();
    double last = begin;
    for (const GradeLine& line : lines) {
      measured.Count(verifier->Judge(line.prompt, line.completion, line.answer).outcome);
      const double now = SecondsNow();
      measured.slowest = std::max(measured.slowest, now - last);
      last = now;
    }
    measured.times.push_back(SecondsNow() - begin);
  }
  return measured;
}

std::vector<proto::ScoreRequest> MakeCalls(const VerifierSpec& spec,
                                           const std::vector<GradeLine>& lines) {
  RewardSpec term;
  static_cast<VerifierSpec&>(term) = spec;
  std::vector<proto::ScoreRequest> calls;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i % kItemsOfCall == 0) *calls.emplace_back().add_terms() = ToProto(term);
    const Problem problem = {.prompt = lines[i].prompt, .answer = lines[i].answer};
    *calls.back().add_items() = ToProto(problem, lines[i].completion, lines[i].completion_tokens);
  }
  return calls;
}

// By a reward service's judging processes, in calls as the coordinator makes them.
StatusOr<Measured> JudgeInPool(const Options& options, const VerifierSpec& spec,
                               const std::vector<GradeLine>& lines) {
  MetricsRegistry metrics;
  JudgePoolOptions pool_options;
  pool_options.num_judges = options.judges;
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<JudgePool> pool,
                        JudgePool::Start(pool_options, &metrics));
  const std::vector<proto::ScoreRequest> calls = MakeCalls(spec, lines);
  Measured measured;
  absl::Mutex mutex;
  Status status;
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    measured.counts = {};
    std::atomic<size_t> next{0};
    const auto make_calls = [&] {
      for (size_t i; (i = next.fetch_add(1)) < calls.size();) {
        const double begin = SecondsNow();
        const auto scores =
            pool->Score(calls[i], RealClock()->Now() + kCallTime, [] { return false; });
        absl::MutexLock lock(&mutex);
        measured.slowest = std::max(measured.slowest, SecondsNow() - begin);
        status.Update(scores.status());
        if (!scores.ok()) continue;
        for (const proto::Score& score : scores->scores()) {
          measured.Count(FromProto(score.outcome()).value_or(Outcome::kError));
        }
      }
    };
    const double begin = SecondsNow();
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i) callers.emplace_back(make_calls);
    for (std::thread& caller : callers) caller.join();
    measured.times.push_back(SecondsNow() - begin);
  }
  HONE_RETURN_IF_ERROR(status);
  return measured;
}

Status BenchReward(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const VerifierSpec spec, ParseVerifier(options.reward, "--reward"));
  HONE_ASSIGN_OR_RETURN(const std::vector<GradeLine> lines, ReadLines(options.input));
  HONE_ASSIGN_OR_RETURN(const Measured measured, options.judges > 0
                                                     ? JudgeInPool(options, spec, lines)
                                                     : JudgeHere(options, spec, lines));
  const double seconds = Median(measured.times);
  std::string out = "{\"reward\":";
  AppendJsonString(options.reward, &out);
  out += ",\"input\":";
  AppendJsonString(options.input, &out);
  absl::StrAppend(&out, ",\"judgements\":", lines.size(), ",\"judges\":", options.judges,
                  ",\"repeats\":", options.repeats, ",\"seconds\":", seconds,
                  ",\"judgements_per_second\":", static_cast<double>(lines.size()) / seconds,
                  ",\"slowest_seconds\":", measured.slowest);
  for (size_t i = 0; i < kOutcomes.size(); ++i) {
    absl::StrAppend(&out, ",\"", Name(kOutcomes[i]), "\":", measured.counts[i]);
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
  CLI::App* app = bench->add_subcommand(
      "reward", "judgements per second, of one core or of a service's processes");
  app->footer(
      "Judges every line of the file, as hone grade reads it; reading excluded; the median of "
      "--repeats.\nFor python and cpp sandbox_seconds_per_test is what an empty program takes.\n"
      "bench/compare_reward.py measures math-verify beside it.\n\n"
      "Example:\n  hone bench reward --reward math --input in.jsonl");
  auto o = std::make_shared<Options>();
  app->add_option("--reward", o->reward, kRewardHelp)->required();
  app->add_option("--input", o->input, "JSON lines: completion, answer, prompt?")->required();
  app->add_option("--judges", o->judges,
                  "judge in so many processes, as a reward service does; 0: in this one")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  AddRepeatsOption(app, &o->repeats);
  app->callback([o, action] { *action = [o] { return BenchReward(*o); }; });
}

}  // namespace hone
