#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/bench.h"
#include "app/process.h"
#include "app/raw_tcp.h"
#include "base/hash.h"
#include "cluster/weights_client.h"
#include "cluster/weights_publisher.h"
#include "cluster/weights_service.h"
#include "kernels/parallel.h"

namespace hone {
namespace {

constexpr uint64_t kVersion = 1;

struct Options {
  std::string shape;
  int64_t parameters = 0;
  int sources = 2;
  int threads = 0;
  int repeats = 5;
};

// Any bits, so that what arrives can be checked.
float Value(int64_t i) { return static_cast<float>(Mix64(i) >> 40); }

// What a source process says before it serves; the WeightsSource follows.
struct Hello {
  double publish_seconds;
  int raw_port;
  int size;
};

// The process of a rank that holds floats [begin, begin + count). Never returns.
[[noreturn]] void RunSource(int64_t begin, int64_t count, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::vector<float> values(count);
  for (int64_t i = 0; i < count; ++i) values[i] = Value(begin + i);
  const auto publisher = WeightsPublisher::Start("127.0.0.1:0");
  const auto listener = ListenRaw();
  if (!publisher.ok() || !listener.ok()) std::_Exit(1);
  Hello hello{.publish_seconds = 0, .raw_port = listener->port, .size = 0};
  StatusOr<WeightsSource> source;
  std::vector<double> times;
  for (int i = 0; i < 3; ++i) {
    const double start = SecondsNow();
    source = (*publisher)->Publish(kVersion, {{begin, values}});
    if (!source.ok()) std::_Exit(1);
    times.push_back(SecondsNow() - start);
  }
  hello.publish_seconds = Median(times);
  const std::string message = EncodeSource(*source);
  hello.size = static_cast<int>(message.size());
  if (write(out, &hello, sizeof(hello)) != sizeof(hello) ||
      write(out, message.data(), message.size()) != static_cast<ssize_t>(message.size())) {
    std::_Exit(1);
  }
  const absl::string_view bytes(reinterpret_cast<const char*>(values.data()),
                                values.size() * sizeof(float));
  ServeRaw(*listener, bytes, kWeightsChunkBytes);
}

// The ranks, each a process of its own, as in a run. Killed at the end.
class SourceProcesses {
 public:
  ~SourceProcesses() {
    for (const pid_t pid : pids_) kill(pid, SIGKILL);
    for (const pid_t pid : pids_) waitpid(pid, nullptr, 0);
  }

  // Before this process has any threads.
  Status Start(int64_t num_floats, int count) {
    std::vector<int> pipes;
    for (int i = 0; i < count; ++i) {
      const int64_t begin = num_floats * i / count, end = num_floats * (i + 1) / count;
      int ends[2];
      if (pipe(ends) != 0) return FromErrno(errno, "cannot make a pipe");
      const pid_t pid = fork();
      if (pid < 0) return FromErrno(errno, "cannot start a process");
      if (pid == 0) RunSource(begin, end - begin, ends[1]);
      close(ends[1]);
      pids_.push_back(pid);
      pipes.push_back(ends[0]);
    }
    for (const int fd : pipes) {
      HONE_RETURN_IF_ERROR(Hear(fd));
      close(fd);
    }
    return absl::OkStatus();
  }

  const std::vector<WeightsSource>& sources() const { return sources_; }
  int raw_port(size_t i) const { return raw_ports_[i]; }
  double publish_seconds() const { return publish_seconds_; }  // of the slowest

 private:
  Status Hear(int fd) {
    Hello hello;
    std::string text;
    if (read(fd, &hello, sizeof(hello)) != sizeof(hello)) {
      return absl::UnavailableError("a source process has failed: is there memory for it?");
    }
    text.resize(hello.size);
    if (read(fd, text.data(), hello.size) != hello.size) {
      return absl::DataLossError("a source process fell silent");
    }
    HONE_ASSIGN_OR_RETURN(WeightsSource source, DecodeSource(text));
    sources_.push_back(std::move(source));
    raw_ports_.push_back(hello.raw_port);
    publish_seconds_ = std::max(publish_seconds_, hello.publish_seconds);
    return absl::OkStatus();
  }

  std::vector<pid_t> pids_;
  std::vector<WeightsSource> sources_;
  std::vector<int> raw_ports_;
  double publish_seconds_ = 0;
};

// The same bytes as gRPC brings, over as many connections.
Status FetchRaw(const SourceProcesses& ranks, absl::Span<float> flat) {
  std::vector<std::thread> threads;
  std::vector<Status> statuses(2 * ranks.sources().size());
  for (size_t i = 0; i < ranks.sources().size(); ++i) {
    const WeightsRange& range = ranks.sources()[i].ranges[0];
    const absl::Span<float> floats = flat.subspan(range.begin, range.count);
    const absl::Span<char> bytes(reinterpret_cast<char*>(floats.data()),
                                 floats.size() * sizeof(float));
    const int count = NumWeightsConnections(static_cast<int64_t>(bytes.size()));
    for (int c = 0; c < count; ++c) {
      const size_t begin = bytes.size() * c / count, end = bytes.size() * (c + 1) / count;
      threads.emplace_back([&ranks, &statuses, bytes, begin, end, i, c] {
        statuses[2 * i + c] = ReadRaw(ranks.raw_port(i), static_cast<int64_t>(begin),
                                      kWeightsChunkBytes, bytes.subspan(begin, end - begin));
      });
    }
  }
  for (std::thread& thread : threads) thread.join();
  Status first;
  for (const Status& status : statuses) first.Update(status);
  return first;
}

// One way to get the weights, and how long it took each time.
struct Way {
  std::string name;
  std::function<Status()> fetch;
  std::vector<double> seconds = {};
};

Status Measure(Way* way, absl::Span<float> flat, bool check) {
  if (check) std::fill(flat.begin(), flat.end(), -1.0f);
  const double begin = SecondsNow();
  const Status status = way->fetch();
  const double seconds = SecondsNow() - begin;
  if (!status.ok()) return Annotate(status, way->name);
  if (!check) way->seconds.push_back(seconds);
  for (size_t i = 0; check && i < flat.size(); ++i) {
    if (flat[i] != Value(static_cast<int64_t>(i))) {
      return absl::DataLossError(absl::StrCat(way->name, ": float ", i, " is wrong"));
    }
  }
  return absl::OkStatus();
}

std::string Json(const std::string& name, double seconds, double bytes) {
  return absl::StrCat(",\"", name, "\":{\"seconds\":", seconds,
                      ",\"gigabytes_per_second\":", bytes / seconds / 1e9, "}");
}

// Of each repeat, whose parts were measured one after the other: what else the machine does then
// hits both.
double MedianRatio(const Way& slower, const Way& faster) {
  std::vector<double> ratios;
  for (size_t i = 0; i < slower.seconds.size(); ++i) {
    ratios.push_back(faster.seconds[i] / slower.seconds[i]);
  }
  return Median(ratios);
}

Status BenchSync(const Options& options) {
  int64_t num_floats = options.parameters;
  if (!options.shape.empty()) {
    HONE_ASSIGN_OR_RETURN(const ModelConfig config, NamedShape(options.shape));
    num_floats = NumParameters(config);
  }
  SourceProcesses ranks;
  HONE_RETURN_IF_ERROR(ranks.Start(num_floats, options.sources));
  SetNumThreads(options.threads);
  std::vector<float> flat(num_floats), source(num_floats);
  for (int64_t i = 0; i < num_floats; ++i) source[i] = Value(i);
  const absl::Span<float> out = absl::MakeSpan(flat);
  const auto fetch = [&](const std::string& host) {
    return FetchWeights(ranks.sources(), out, {.host = host}, StopFlag()).status();
  };
  Way copy{"memcpy", [&] {
             std::memcpy(flat.data(), source.data(), num_floats * sizeof(float));
             return absl::OkStatus();
           }};
  Way shared{"shared_memory", [&] { return fetch(ThisHost()); }};
  Way raw{"raw_tcp", [&] { return FetchRaw(ranks, out); }};
  Way rpc{"grpc", [&] { return fetch("elsewhere"); }};
  for (int i = 0; i <= options.repeats; ++i) {
    for (Way* way : {&copy, &shared, &raw, &rpc}) {
      HONE_RETURN_IF_ERROR(Measure(way, out, /*check=*/i == 0));
    }
  }

  const auto bytes = static_cast<double>(num_floats * sizeof(float));
  int connections = 0;
  for (const WeightsSource& rank : ranks.sources()) {
    connections += NumWeightsConnections(rank.num_bytes());
  }
  std::string json = absl::StrCat(
      "{\"parameters\":", num_floats, ",\"bytes\":", num_floats * sizeof(float),
      ",\"sources\":", options.sources, ",\"connections\":", connections,
      ",\"chunk_bytes\":", kWeightsChunkBytes, ",\"threads\":", NumThreads(),
      ",\"repeats\":", options.repeats, Json("publish", ranks.publish_seconds(), bytes));
  for (const Way* way : {&copy, &shared, &raw, &rpc}) {
    absl::StrAppend(&json, Json(way->name, Median(way->seconds), bytes));
  }
  std::printf("%s,\"shared_memory_fraction_of_memcpy\":%g,\"grpc_fraction_of_raw_tcp\":%g}\n",
              json.c_str(), MedianRatio(shared, copy), MedianRatio(rpc, raw));
  return absl::OkStatus();
}

}  // namespace

void AddBenchSync(CLI::App* bench, Action* action) {
  CLI::App* app = bench->add_subcommand("sync", "how fast published weights reach a worker");
  app->footer(
      "Fetches weights from --sources processes, which stand for the learner's ranks, into memory\n"
      "in use: through shared memory, over gRPC on loopback, and with as many connections and the\n"
      "same chunks over bare TCP. The median of --repeats; the fractions are medians of each\n"
      "repeat's own. publish: what a rank needs to hold its part ready.\n\n"
      "Example:\n  hone bench sync --shape mini --sources 2");
  auto o = std::make_shared<Options>();
  auto* size = app->add_option_group("size");
  size->add_option("--shape", o->shape, "as many weights as nano (4.85M) or mini (27.3M) has");
  size->add_option("--parameters", o->parameters, "this many")
      ->check(CLI::Range(int64_t{4}, int64_t{1} << 36));
  size->require_option(1);
  app->add_option("--sources", o->sources, "processes that hold a part each")
      ->check(CLI::Range(1, 4))
      ->capture_default_str();
  app->add_option("--threads", o->threads, "that copy from shared memory; 0: all cores")
      ->check(CLI::Range(0, 1024));
  AddRepeatsOption(app, &o->repeats);
  app->callback([o, action] { *action = [o] { return BenchSync(*o); }; });
}

}  // namespace hone
