#include "cluster/mpi_world.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cluster/mpi_thread.h"
#include "cluster/operation_log.h"

namespace hone {
namespace {

// Of a reduce-scatter, what comes from each rank at a time.
constexpr int64_t kSliceFloats = int64_t{1} << 20;
// MPI promises 2¹⁵ tags. Tag 0 is for making groups.
constexpr int kGroups = 16;
constexpr int kTagsOfGroup = 1 << 10;
constexpr int kRollCallTag = 1 + kGroups * kTagsOfGroup;

class MpiGroup : public Collectives {
 public:
  // `number` is that of the group in the order in which every rank makes them, from 0.
  MpiGroup(MpiThread* thread, int number, std::string name)
      : thread_(thread), number_(number), name_(std::move(name)), log_(name_) {}

  // On the thread. Who belongs to it is asked of everybody.
  Status Make(int color) {
    const World world = thread_->world();
    std::vector<int> colors(world.size, color);
    std::vector<int> everybody(world.size);
    std::iota(everybody.begin(), everybody.end(), 0);
    MpiMessages messages(thread_, /*tag=*/0);
    for (const int peer : everybody) {
      if (peer == world.rank) continue;
      messages.Receive(&colors[peer], sizeof(int), peer);
      messages.Send(&color, sizeof(int), peer);
    }
    HONE_RETURN_IF_ERROR(messages.Finish(absl::StrCat("making ", name_)));
    for (const int rank : everybody) {
      if (colors[rank] != color) continue;
      if (rank == world.rank) world_.rank = static_cast<int>(ranks_.size());
      ranks_.push_back(rank);
    }
    world_.size = static_cast<int>(ranks_.size());
    return absl::OkStatus();
  }

  World world() const override { return world_; }

  Pending AllGather(absl::string_view what, const float* shard, int64_t n, float* full) override {
    return Start("all-gather", what, [=, this](const Operation& operation) {
      float* own = full + world_.rank * n;
      if (shard != own) std::memcpy(own, shard, n * sizeof(float));
      return Exchange(
          operation, n * sizeof(float), [=](int peer) { return full + peer * n; },
          [=](int) { return shard; });
    });
  }

  Pending ReduceScatterAdd(absl::string_view what, const float* full, int64_t n,
                           float* sum) override {
    return Start("reduce-scatter", what, [=, this](const Operation& operation) -> Status {
      std::vector<float> received(std::min(n, kSliceFloats) * world_.size);
      for (int64_t begin = 0; begin < n; begin += kSliceFloats) {
        const int64_t count = std::min(kSliceFloats, n - begin);
        HONE_RETURN_IF_ERROR(Exchange(
            operation, count * sizeof(float),
            [&](int peer) { return received.data() + peer * count; },
            [&](int peer) { return full + peer * n + begin; }));
        for (int rank = 0; rank < world_.size; ++rank) {
          const float* part =
              rank == world_.rank ? full + world_.rank * n + begin : received.data() + rank * count;
          for (int64_t i = 0; i < count; ++i) sum[begin + i] += part[i];
        }
      }
      return absl::OkStatus();
    });
  }

  Pending AllReduce(absl::string_view what, double* values, int64_t n) override {
    return Start("all-reduce", what, [=, this](const Operation& operation) -> Status {
      std::vector<double> received(n * world_.size);
      double* own = received.data() + world_.rank * n;
      std::copy_n(values, n, own);
      HONE_RETURN_IF_ERROR(Exchange(
          operation, n * sizeof(double), [&](int peer) { return received.data() + peer * n; },
          [&](int) { return own; }));
      std::fill_n(values, n, 0.0);
      for (int rank = 0; rank < world_.size; ++rank) {
        for (int64_t i = 0; i < n; ++i) values[i] += received[rank * n + i];
      }
      return absl::OkStatus();
    });
  }

  Pending Broadcast(absl::string_view what, char* bytes, int64_t n, int root) override {
    return Start("broadcast", what, [=, this](const Operation& operation) {
      MpiMessages messages(thread_, operation.tag);
      if (world_.rank != root) {
        messages.Receive(bytes, n, ranks_[root]);
      } else {
        ForEachPeer([&](int peer) { Send(bytes, n, peer, &messages); });
      }
      return messages.Finish(operation.name);
    });
  }

  Pending Barrier(absl::string_view what) override {
    return Start("barrier", what, [=, this](const Operation& operation) {
      const auto nothing = [](int) { return static_cast<char*>(nullptr); };
      return Exchange(operation, 0, nothing, nothing);
    });
  }

  CollectiveStats stats() const override { return log_.stats(); }

 private:
  struct Operation {
    std::string name;
    int tag;
  };

  Pending Start(absl::string_view kind, absl::string_view what,
                std::function<Status(const Operation&)> run) {
    OperationLog::Operation begun = log_.Begin(kind, what);
    const int tag = 1 + number_ * kTagsOfGroup + static_cast<int>(begun.number % kTagsOfGroup);
    return thread_->Enqueue([operation = Operation{std::move(begun.name), tag},
                             run = std::move(run)] { return run(operation); },
                            log_.Adder(&CollectiveStats::active_seconds),
                            log_.Adder(&CollectiveStats::waited_seconds));
  }

  // n bytes from every peer to where `into` says, and as many from where `from` says to it.
  template <typename Into, typename From>
  Status Exchange(const Operation& operation, int64_t n, Into into, From from) {
    MpiMessages messages(thread_, operation.tag);
    ForEachPeer([&](int peer) {
      messages.Receive(into(peer), n, ranks_[peer]);
      Send(from(peer), n, peer, &messages);
    });
    return messages.Finish(operation.name);
  }
  void Send(const void* bytes, int64_t n, int peer, MpiMessages* messages) {
    messages->Send(bytes, n, ranks_[peer]);
    log_.AddSent(n);
  }
  // Each rank begins with its successor, so that not all of them send to the same one.
  template <typename Do>
  void ForEachPeer(Do act) const {
    for (int i = 1; i < world_.size; ++i) act((world_.rank + i) % world_.size);
  }

  MpiThread* thread_;
  const int number_;
  const std::string name_;
  World world_;
  std::vector<int> ranks_;  // of the world, by rank of the group
  OperationLog log_;
};

// The first of these variables that is there and a number.
int FirstNumber(std::initializer_list<const char*> names, int otherwise) {
  for (const char* name : names) {
    const char* text = std::getenv(name);
    int number = 0;
    if (text != nullptr && absl::SimpleAtoi(text, &number)) return number;
  }
  return otherwise;
}

}  // namespace

int NumStartedRanks() {
  return FirstNumber({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}, 1);
}

int NumLocalRanks() {
  return FirstNumber({"OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_STEP_TASKS_PER_NODE"}, 1);
}

int LocalRank() {
  return FirstNumber({"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"}, 0);
}

int StartedRank() { return FirstNumber({"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"}, 0); }

StatusOr<std::unique_ptr<MpiWorld>> MpiWorld::Start(const MpiOptions& options) {
  auto thread = std::make_unique<MpiThread>(options, kRollCallTag);
  HONE_RETURN_IF_ERROR(thread->Join());
  return std::unique_ptr<MpiWorld>(new MpiWorld(std::move(thread)));
}

MpiWorld::MpiWorld(std::unique_ptr<MpiThread> thread) : thread_(std::move(thread)) {}
MpiWorld::~MpiWorld() = default;

void MpiWorld::Abandon() {
  (void)thread_->RunNow([] { return absl::CancelledError("this rank gave up"); });
}

World MpiWorld::world() const { return thread_->world(); }
const MpiOptions& MpiWorld::options() const { return thread_->options(); }

void MpiWorld::SetWaiting(Statement statement) { thread_->SetWaiting(std::move(statement)); }

StatusOr<std::string> MpiWorld::CallRoll(const Statement& own, absl::string_view within) {
  return thread_->CallRoll(own, within);
}

StatusOr<std::unique_ptr<Collectives>> MpiWorld::Split(int color, const std::string& name) {
  if (num_groups_ == kGroups) return absl::ResourceExhaustedError("too many groups of ranks");
  auto group = std::make_unique<MpiGroup>(thread_.get(), num_groups_++, name);
  HONE_RETURN_IF_ERROR(thread_->RunNow([&] { return group->Make(color); }));
  return group;
}

}  // namespace hone
