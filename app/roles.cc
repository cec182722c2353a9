#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "app/answer_check.h"
#include "app/command.h"
#include "app/experiment_file.h"
#include "app/process.h"
#include "app/run_state.h"
#include "app/sampling.h"
#include "base/cores.h"
#include "base/file.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/process_metrics.h"
#include "cluster/metrics_server.h"
#include "cluster/mpi_world.h"
#include "config/load.h"
#include "data/json_text.h"
#include "data/run_folder.h"
#include "kernels/parallel.h"
#include "model/config.h"
#include "reward/judge.h"
#include "reward/judge_pool.h"
#include "reward/reward_service.h"
#include "reward/verifier.h"
#include "rollout/worker.h"
#include "trainer/measured_progress.h"
#include "trainer/progress.h"
#include "trainer/run.h"

namespace hone {
namespace {

constexpr double kPlainProgressSeconds = 10;
constexpr char kAdvertise[] = "the host's name for other machines; default: the one it has";

struct Options {
  std::string experiment, out, name, coordinator, listen, advertise;
  std::vector<std::string> overrides;
  bool supervised = false;  // by `hone run`, which holds the folder's lock and shows the log
};

// A process of a role: what it works on and how it is known.
struct RoleContext {
  Experiment experiment;
  RunFolder folder;
  std::string client_id;  // unique: a restarted role is a new client
  std::unique_ptr<MetricsRegistry> metrics = std::make_unique<MetricsRegistry>();
};

// `own_log`: what goes to stderr lands in the role's log anyway.
StatusOr<RoleContext> StartRole(const Options& options, bool own_log) {
  RoleContext context;
  HONE_ASSIGN_OR_RETURN(context.experiment,
                        LoadExperimentFile(options.experiment, options.overrides));
  context.folder = {options.out};
  context.client_id = absl::StrCat(options.name, ".", getpid());
  HONE_RETURN_IF_ERROR(CreateRunFolder(context.folder));
  HONE_RETURN_IF_ERROR(OpenLogFile(absl::StrCat(context.folder.logs(), "/", options.name, ".log"),
                                   options.name,
                                   /*also_stderr=*/!own_log));
  LogInfo(absl::StrCat("started as process ", getpid()));
  return context;
}

// Starts threads. Where the role listens is written into the run folder for Prometheus to find.
StatusOr<std::unique_ptr<MetricsServer>> ServeMetrics(const Options& options,
                                                      const RoleContext& context,
                                                      std::function<Status()> health = nullptr) {
  AddProcessMetrics(context.metrics.get());
  MetricsServerOptions server_options;
  server_options.port = context.experiment.resources.metrics_port;
  server_options.health = std::move(health);
  HONE_ASSIGN_OR_RETURN(std::unique_ptr<MetricsServer> server,
                        MetricsServer::Start(context.metrics.get(), server_options));
  LogInfo(absl::StrCat("serves metrics at http://", server->address(), "/metrics"));
  std::string targets = "[{\"targets\":[";
  AppendJsonString(server->address(), &targets);
  targets += "],\"labels\":{\"run\":";
  AppendJsonString(context.experiment.name, &targets);
  targets += ",\"role\":";
  AppendJsonString(options.name, &targets);
  targets += "}}]\n";
  HONE_RETURN_IF_ERROR(WriteFileAtomically(
      absl::StrCat(context.folder.prometheus(), "/", options.name, ".json"), targets));
  return server;
}

// The end of a role, into its log. main() tells stderr; but a stop that `hone run` asked for is
// its own to tell.
Status EndRole(const Options& options, const Status& status) {
  if (status.ok()) {
    LogInfo("done");
  } else {
    LogInfo(absl::StrCat("ends with an error: ", status.message()));
  }
  if (options.supervised && absl::IsCancelled(status)) return absl::CancelledError("");
  return status;
}

// Where the coordinator is: as given, or as the trainer wrote it into the run folder.
std::function<StatusOr<std::string>()> CoordinatorAddress(const Options& options,
                                                          const RunFolder& folder) {
  return [given = options.coordinator,
          path = folder.coordinator_address()]() -> StatusOr<std::string> {
    if (!given.empty()) return given;
    HONE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    return std::string(absl::StripAsciiWhitespace(text));
  };
}

// One of the trainer's ranks; the others do as rank 0 says, and each has a log of its own.
Status RunTrainerRole(Options options) {
  const int rank = StartedRank();
  if (rank > 0) absl::StrAppend(&options.name, "-rank", rank);
  HONE_ASSIGN_OR_RETURN(const RoleContext context, StartRole(options, /*own_log=*/false));
  std::unique_ptr<RunLock> lock;
  std::unique_ptr<Progress> progress;
  if (rank == 0) {
    progress = MeasureProgress(MakeProgress(kPlainProgressSeconds), context.metrics.get());
    if (!options.supervised) {
      HONE_ASSIGN_OR_RETURN(RunLock taken, RunLock::Take(context.folder));
      lock = std::make_unique<RunLock>(std::move(taken));
      HONE_RETURN_IF_ERROR(WriteExperiment(context.folder, context.experiment));
    }
  }
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<MetricsServer> server,
                        ServeMetrics(options, context));
  const Status status =
      RunTrainer(context.experiment, context.folder, {options.listen, options.advertise},
                 progress.get(), StopFlag(), RankLostFlag(), MakeAnswerCheck);
  LogInfo(absl::StrCat("peak memory: ", PeakResidentBytes() >> 20, " MB resident"));
  return EndRole(options, status);
}

// The 3 of rollout-3: on a machine with several GPUs each worker has its own. 0 without a number.
int NumberOf(absl::string_view role) {
  int number = 0;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(role, absl::MaxSplits('-', 1));
  return absl::SimpleAtoi(parts.second, &number) ? number : 0;
}

Status RunRolloutRole(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const RoleContext context, StartRole(options, options.supervised));
  const RolloutResources& resources = context.experiment.resources.rollout;
  SetNumThreads(resources.threads > 0 ? resources.threads
                                      : std::max(1, NumCores() / resources.workers));
  RolloutWorkerOptions worker;
  worker.coordinator_address = CoordinatorAddress(options, context.folder);
  worker.client_id = context.client_id;
  worker.experiment_hash = ExperimentHash(context.experiment);
  worker.max_sequences = resources.max_sequences;
  worker.kv_cache_tokens = resources.kv_cache_tokens;
  HONE_ASSIGN_OR_RETURN(worker.decoder, DecoderOptionsOf(context.experiment));
  worker.decoder.gpu = NumberOf(options.name);
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<MetricsServer> server,
                        ServeMetrics(options, context));
  worker.metrics = context.metrics.get();
  worker.trace_path = absl::StrCat(context.folder.logs(), "/", options.name, ".trace.json");
  return EndRole(options, RunRolloutWorker(worker, StopFlag()));
}

// What this machine cannot judge ends the role before it joins, for good.
Status CheckRewards(const Experiment& experiment) {
  for (const Stage& stage : experiment.stages) {
    if (!stage.grpo) continue;
    const Status status = RewardSum::Make(stage.grpo->reward).status();
    if (!status.ok()) return absl::InvalidArgumentError(status.message());
  }
  return absl::OkStatus();
}

Status RunRewardRole(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const RoleContext context, StartRole(options, options.supervised));
  if (const Status status = CheckRewards(context.experiment); !status.ok()) {
    return EndRole(options, status);
  }
  const RewardResources& resources = context.experiment.resources.reward;
  JudgePoolOptions judges;
  judges.num_judges =
      resources.judges > 0 ? resources.judges : std::max(1, NumCores() / resources.workers);
  const StatusOr<std::unique_ptr<JudgePool>> pool = JudgePool::Start(judges, context.metrics.get());
  if (!pool.ok()) return EndRole(options, pool.status());
  RewardServiceOptions service;
  service.listen_address = options.listen;
  service.advertised_host = options.advertise;
  service.coordinator_address = CoordinatorAddress(options, context.folder);
  service.client_id = context.client_id;
  service.experiment_hash = ExperimentHash(context.experiment);
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<MetricsServer> server,
                        ServeMetrics(options, context, [&] { return (*pool)->Health(); }));
  return EndRole(options, RunRewardService(service, pool->get(), StopFlag()));
}

// What a reward service starts for itself (reward/judge_process.h).
Status RunJudgeRole() {
  struct stat input;
  if (fstat(STDIN_FILENO, &input) != 0 || !S_ISSOCK(input.st_mode)) {
    return absl::InvalidArgumentError("`hone judge` is started by `hone reward` alone");
  }
  RunJudge(STDIN_FILENO, MakeJudge(), kJudgeMemoryBytes);
  return absl::OkStatus();
}

// What all roles understand. `name` is the default of --name.
CLI::App* AddRole(CLI::App* root, const std::string& role, const std::string& what,
                  Options* options) {
  CLI::App* app = root->add_subcommand(role, what);
  app->add_option("EXPERIMENT", options->experiment, "the experiment's YAML file")->required();
  app->add_option("KEY=VALUE", options->overrides, "values that replace those of the file");
  app->add_option("--out", options->out, "the run folder, shared by all roles")->required();
  options->name = role;
  app->add_option("--name", options->name, "of the log file, and for messages")
      ->capture_default_str();
  app->add_flag("--supervised", options->supervised, "started by hone run")->group("");
  return app;
}

}  // namespace

void AddRoles(CLI::App* root, Action* action) {
  auto trainer = std::make_shared<Options>();
  CLI::App* app =
      AddRole(root, "trainer", "one role of a run: coordinator and learner", trainer.get());
  trainer->listen = TrainerHost().listen;
  app->add_option("--listen", trainer->listen,
                  "the address to serve coordinator and weights on, 0.0.0.0 for all; the "
                  "coordinator's port is resources.trainer.port")
      ->capture_default_str();
  app->add_option("--advertise", trainer->advertise, kAdvertise);
  app->footer(
      "Example:\n  hone trainer experiment.yaml --out /shared/run\n"
      "  mpirun -np 4 hone trainer experiment.yaml resources.trainer.ranks=4 --out /shared/run");
  app->callback([trainer, action] { *action = [trainer] { return RunTrainerRole(*trainer); }; });

  auto rollout = std::make_shared<Options>();
  app = AddRole(root, "rollout", "one role of a run: a rollout worker", rollout.get());
  app->add_option("--coordinator", rollout->coordinator,
                  "HOST:PORT; default: what the trainer wrote into the run folder");
  app->footer("Example:\n  hone rollout experiment.yaml --out /shared/run --name rollout-3");
  app->callback([rollout, action] { *action = [rollout] { return RunRolloutRole(*rollout); }; });

  auto reward = std::make_shared<Options>();
  app = AddRole(root, "reward", "one role of a run: a reward service", reward.get());
  app->add_option("--coordinator", reward->coordinator,
                  "HOST:PORT; default: what the trainer wrote into the run folder");
  reward->listen = "127.0.0.1:0";
  app->add_option("--listen", reward->listen, "HOST:PORT; port 0: any free one")
      ->capture_default_str();
  app->add_option("--advertise", reward->advertise, kAdvertise);
  app->footer(
      "Example:\n  hone reward experiment.yaml --out /shared/run --name reward-1 --listen "
      "0.0.0.0:0");
  app->callback([reward, action] { *action = [reward] { return RunRewardRole(*reward); }; });

  root->add_subcommand("judge", "a process of a reward service")->group("")->callback([action] {
    *action = RunJudgeRole;
  });
}

}  // namespace hone
