#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "app/answer_check.h"
#include "app/command.h"
#include "app/estimate.h"
#include "app/experiment_file.h"
#include "app/process.h"
#include "app/run_state.h"
#include "app/summary.h"
#include "app/sweep.h"
#include "base/file.h"
#include "base/log.h"
#include "cluster/supervisor.h"
#include "config/load.h"
#include "data/task.h"
#include "model/published_shapes.h"
#include "report/report.h"
#include "reward/verifier.h"
#include "trainer/run.h"

namespace hone {
namespace {

struct Options {
  std::string experiment, out;
  std::vector<std::string> overrides;
  bool dry_run = false;
  bool fresh = false;
};

StatusOr<std::string> OwnProgram() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return FromErrno(error.value(), "cannot find hone's own program");
  return path.string();
}

// The command that starts a trainer's ranks on this machine.
std::vector<std::string> WithRanks(const TrainerResources& resources,
                                   std::vector<std::string> argv) {
  if (resources.ranks == 1) return argv;
  // Quiet: each rank tells of its own errors. After a rank's end mpirun asks the others to stop,
  // and kills them when they have had the time to say what they waited for.
  std::vector<std::string> command = {HONE_MPIRUN,
                                      "--quiet",
                                      "--oversubscribe",
                                      "--bind-to",
                                      "none",
                                      "--mca",
                                      "odls_base_sigkill_timeout",
                                      "2",
                                      "-np",
                                      absl::StrCat(resources.ranks)};
  if (geteuid() == 0) command.push_back("--allow-run-as-root");
  command.insert(command.end(), argv.begin(), argv.end());
  return command;
}

// One role as a child process that reads the run folder's experiment.yaml. The trainer talks to the
// terminal; the others to their logs.
RoleSpec MakeRole(const std::string& program, const RunFolder& folder, const Resources& resources,
                  const std::string& role, const std::string& name) {
  RoleSpec spec;
  spec.name = name;
  spec.process.argv = {program,  role, folder.experiment(), "--out", folder.root,
                       "--name", name, "--supervised"};
  spec.restartable = true;
  if (role == "trainer") {
    spec.process.argv = WithRanks(resources.trainer, std::move(spec.process.argv));
    if (resources.trainer.ranks > 1) spec.stop_signal = SIGUSR1;  // mpirun sits on SIGTERM
    spec.ends_run = true;
    spec.reports_errors = true;  // every wait of its own has had its deadline by then
  } else {
    spec.process.log_path = absl::StrCat(folder.logs(), "/", name, ".log");
  }
  return spec;
}

std::vector<RoleSpec> MakeRoles(const std::string& program, const RunFolder& folder,
                                const Resources& resources) {
  std::vector<RoleSpec> roles = {MakeRole(program, folder, resources, "trainer", "trainer")};
  for (int i = 0; i < resources.reward.workers; ++i) {
    roles.push_back(MakeRole(program, folder, resources, "reward", absl::StrCat("reward-", i)));
    if (resources.reward.port == 0) continue;
    roles.back().process.argv.push_back("--listen");
    roles.back().process.argv.push_back(absl::StrCat("127.0.0.1:", resources.reward.port + i));
  }
  for (int i = 0; i < resources.rollout.workers; ++i) {
    roles.push_back(MakeRole(program, folder, resources, "rollout", absl::StrCat("rollout-", i)));
  }
  return roles;
}

// A file that the experiment names and that is not there is the user's mistake.
Status UsageError(const Status& status) {
  return absl::IsNotFound(status) ? absl::InvalidArgumentError(status.message()) : status;
}

// Whatever is wrong with a stage's files or its task is told before anything is started. A dry run
// only notes that files are not there.
Status CheckTasks(const Experiment& experiment, bool dry_run) {
  std::vector<RewardSum> rewards;  // as long as they live, a sandbox that they need is made once
  for (size_t i = 0; i < experiment.stages.size(); ++i) {
    const Stage& stage = experiment.stages[i];
    const SourceSpec& source = stage.source();
    if (stage.grpo) {
      StatusOr<RewardSum> reward = RewardSum::Make(stage.grpo->reward);
      if (!reward.ok()) {
        return Annotate(reward.status(), absl::StrCat("stages.", i, ".grpo.reward"));
      }
      rewards.push_back(*std::move(reward));
    }
    const std::vector<std::string> missing = MissingFiles(source);
    if (dry_run && !missing.empty()) {
      std::fprintf(stderr,
                   "hone: stages.%zu: %s not here yet: prompts are counted by their limit\n", i,
                   absl::StrJoin(missing, ", ").c_str());
      continue;
    }
    PromptTools tools = TextOnlyTools();
    tools.answers = AnswerChecksOf(stage, MakeAnswerCheck);
    const Status status = MakeTask(source, tools).status();
    if (!status.ok()) return Annotate(status, absl::StrCat("stages.", i));
  }
  return absl::OkStatus();
}

// What is not on this machine is only noted: the model's shape may be known by its name.
Status DryRun(const Experiment& experiment) {
  StatusOr<ModelConfig> config = PlannedModel(experiment);
  if (absl::IsNotFound(config.status())) {
    const std::optional<ModelConfig> shape = PublishedShape(experiment.model.path);
    if (!shape) return UsageError(config.status());
    std::fprintf(stderr, "hone: %s is not here yet: its published shape is taken\n",
                 experiment.model.path.c_str());
    config = *shape;
  }
  HONE_RETURN_IF_ERROR(config.status());
  HONE_RETURN_IF_ERROR(CheckTasks(experiment, /*dry_run=*/true));
  HONE_ASSIGN_OR_RETURN(const RunEstimate estimate, EstimateRun(experiment, *config));
  std::printf("%s\n%s", ToYaml(experiment).c_str(),
              FormatEstimate(estimate, AvailableMemoryBytes()).c_str());
  return absl::OkStatus();
}

// A run that is done is told of again; nothing is started.
Status ShowFinished(const RunFolder& folder, const Experiment& experiment) {
  HONE_RETURN_IF_ERROR(CheckSameExperiment(folder, experiment));
  HONE_ASSIGN_OR_RETURN(const std::string summary, ReadFile(SummaryPath(folder)));
  std::fputs(summary.c_str(), stdout);
  std::fprintf(stderr,
               "This run was done before. For another: seed=%llu for other draws, --out DIR for "
               "another folder,\nor --fresh to delete this one and start anew.\n",
               static_cast<unsigned long long>(experiment.seed + 1));
  return absl::OkStatus();
}

RunFolder FolderOf(const Options& options, const Experiment& experiment) {
  if (!options.out.empty()) return {options.out};
  return {absl::StrCat("runs/", experiment.name, "-seed", experiment.seed)};
}

Status Finish(const RunFolder& folder, const Experiment& experiment) {
  // The report can be made again; a run is not lost for it.
  if (const Status report = WriteReport(folder); !report.ok()) {
    LogWarning(absl::StrCat("the report could not be written: ", report.message()));
  }
  HONE_ASSIGN_OR_RETURN(const std::string summary, SummarizeRun(folder, experiment));
  HONE_RETURN_IF_ERROR(WriteFileAtomically(SummaryPath(folder), summary));
  std::fputs(summary.c_str(), stdout);
  return absl::OkStatus();
}

Status RunOne(const Options& options, const Experiment& experiment) {
  if (options.dry_run) return DryRun(experiment);
  HONE_RETURN_IF_ERROR(UsageError(PlannedModel(experiment).status()));
  HONE_RETURN_IF_ERROR(CheckTasks(experiment, /*dry_run=*/false));

  const RunFolder folder = FolderOf(options, experiment);
  HONE_RETURN_IF_ERROR(CheckIsRunFolder(folder));
  HONE_RETURN_IF_ERROR(MakeFolder(folder.root));
  HONE_ASSIGN_OR_RETURN(const RunLock lock, RunLock::Take(folder));
  if (options.fresh) HONE_RETURN_IF_ERROR(ClearRunFolder(folder));
  if (FileExists(SummaryPath(folder))) return ShowFinished(folder, experiment);
  HONE_RETURN_IF_ERROR(WriteExperiment(folder, experiment));
  // Where earlier processes were: somebody else may listen there by now.
  unlink(folder.coordinator_address().c_str());
  std::error_code ignored;
  std::filesystem::remove_all(folder.prometheus(), ignored);
  HONE_RETURN_IF_ERROR(CreateRunFolder(folder));
  HONE_RETURN_IF_ERROR(OpenLogFile(folder.logs() + "/run.log", "run", /*also_stderr=*/true));

  HONE_ASSIGN_OR_RETURN(const std::string program, OwnProgram());
  Supervisor supervisor(MakeRoles(program, folder, experiment.resources), SupervisorOptions());
  const Status status = supervisor.Run(StopFlag());
  if (absl::IsCancelled(status)) {
    return absl::CancelledError("stopped; the same command goes on");
  }
  HONE_RETURN_IF_ERROR(status);
  return Finish(folder, experiment);
}

// One run after the other, and a report that compares them. What is done stays done: after a stop
// the same command goes on with the run that it was in.
Status RunSweep(const Options& options, const std::string& name,
                const std::vector<SweepRun>& sweep) {
  std::vector<std::pair<Options, Experiment>> runs;
  for (const SweepRun& part : sweep) {  // every mistake is told before anything is started
    Options one = options;
    one.overrides.insert(one.overrides.end(), part.overrides.begin(), part.overrides.end());
    if (!options.out.empty()) one.out = absl::StrCat(options.out, "/", part.name);
    HONE_ASSIGN_OR_RETURN(Experiment experiment, LoadExperimentFile(one.experiment, one.overrides));
    runs.emplace_back(std::move(one), std::move(experiment));
  }
  if (options.dry_run) {
    std::fprintf(stderr, "hone: the first of %zu runs\n", runs.size());
    return DryRun(runs.front().second);
  }
  std::vector<RunFolder> folders;
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto& [one, experiment] = runs[i];
    std::fprintf(stderr, "hone: run %zu of %zu, %s\n", i + 1, runs.size(), sweep[i].name.c_str());
    if (!options.out.empty()) HONE_RETURN_IF_ERROR(MakeFolder(options.out));
    HONE_RETURN_IF_ERROR(RunOne(one, experiment));
    folders.push_back(FolderOf(one, experiment));
  }
  HONE_ASSIGN_OR_RETURN(const std::string html, RenderReport(folders));
  const std::string report = options.out.empty() ? absl::StrCat("runs/", name, ".html")
                                                 : absl::StrCat(options.out, "/report.html");
  HONE_RETURN_IF_ERROR(WriteFileAtomically(report, html));
  std::printf("all %zu runs compared: %s\n", runs.size(), report.c_str());
  return absl::OkStatus();
}

Status Run(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const Experiment experiment,
                        LoadExperimentFile(options.experiment, options.overrides));
  const std::vector<SweepRun> sweep = SweepRuns(experiment);
  if (sweep.empty()) return RunOne(options, experiment);
  return RunSweep(options, experiment.name, sweep);
}

}  // namespace

void AddRun(CLI::App* root, Action* action) {
  CLI::App* app =
      root->add_subcommand("run", "a whole experiment on this machine, going on where it stopped");
  app->footer(
      "Example:\n  hone run experiments/countdown-cpu.yaml seed=8 stages.1.grpo.steps=50\n"
      "  hone run experiments/countdown-cpu.yaml --dry-run");
  auto o = std::make_shared<Options>();
  app->add_option("EXPERIMENT", o->experiment, "the experiment's YAML file")->required();
  app->add_option("KEY=VALUE", o->overrides, "values that replace those of the file");
  app->add_option("--out", o->out, "the run folder; default: runs/NAME-seedSEED");
  app->add_flag("--dry-run", o->dry_run,
                "print the resolved experiment and what it needs; start nothing");
  app->add_flag("--fresh", o->fresh, "delete what the run folder holds and start anew");
  app->add_flag_callback(
         "--help-config",
         [] {
           std::fputs(DescribeKeys().c_str(), stdout);
           throw CLI::Success();
         },
         "explain every key of an experiment")
      ->trigger_on_parse();
  app->callback([o, action] { *action = [o] { return Run(*o); }; });
}

}  // namespace hone
