// A rank of a learner that trains for ever, until one of the ranks is lost: started by mpirun from
// rank_loss_test.py.
//
// usage: rank_loss_probe FOLDER RANK SIGNAL PLACE: rank RANK sends itself SIGNAL in its second
// step, at PLACE: forward, backward, optimizer, save.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "cluster/mpi_world.h"
#include "kernels/parallel.h"
#include "tests/rollout/engine/models.h"
#include "tests/trainer/sequences.h"
#include "trainer/learner/learner.h"
#include "trainer/learner/throw_if_error.h"
#include "trainer/shard_file.h"
#include "trainer/torch_guard.h"

namespace hone {
namespace {

std::atomic<bool> rank_lost{false};

// Where this rank is to be lost.
struct Plan {
  std::string place;
  int signal = 0;
  int step = 0;

  void At(const std::string& here) const {
    if (step == 1 && here == place) kill(getpid(), signal);
  }
};

// The operations of others, and a look at the plan before each.
class Doomed : public Collectives {
 public:
  Doomed(Collectives* real, const Plan* plan) : real_(*real), plan_(*plan) {}
  World world() const override { return real_.world(); }
  Pending AllGather(absl::string_view what, const float* shard, int64_t n, float* full) override {
    if (what == "block 1") plan_.At("forward");
    if (what == "gradient norm") plan_.At("optimizer");
    return real_.AllGather(what, shard, n, full);
  }
  Pending ReduceScatterAdd(absl::string_view what, const float* full, int64_t n,
                           float* sum) override {
    if (what == "block 1") plan_.At("backward");
    return real_.ReduceScatterAdd(what, full, n, sum);
  }
  Pending AllReduce(absl::string_view what, double* values, int64_t n) override {
    return real_.AllReduce(what, values, n);
  }
  Pending Broadcast(absl::string_view what, char* bytes, int64_t n, int root) override {
    return real_.Broadcast(what, bytes, n, root);
  }
  Pending Barrier(absl::string_view what) override { return real_.Barrier(what); }
  CollectiveStats stats() const override { return real_.stats(); }

 private:
  Collectives& real_;
  const Plan& plan_;
};

Status Train(const std::string& folder, Collectives* all, Plan* plan) {
  Doomed doomed(all, plan);
  SetNumThreads(1);
  Learner learner(SmallModel(true), {300, true}, {&doomed, &doomed, nullptr});
  for (;; ++plan->step) {
    learner.AccumulateGradient(RandomSequences(12, plan->step), 1.0f, LikelihoodGradient);
    learner.Update(OptimizerSpec(), 1e-3);
    plan->At("save");
    Learner::ShardState state;
    learner.SaveShard(&state);
    HONE_RETURN_IF_ERROR(WriteShardFile(folder, all->world(), state, nullptr));
    HONE_RETURN_IF_ERROR(all->Barrier("saved").Wait());
  }
}

int Run(const char* folder, int rank, int signal, const char* place) {
  struct sigaction action = {};
  action.sa_handler = [](int) { rank_lost.store(true); };
  sigaction(SIGTERM, &action, nullptr);
  auto world = MpiWorld::Start({.timeout_seconds = 3, .rank_lost = &rank_lost});
  ThrowIfError(world.status());
  auto all = (*world)->Split(0, "all ranks");
  ThrowIfError(all.status());
  Plan plan;
  if ((*world)->world().rank == rank) plan = {place, signal, 0};
  const Status status = CatchTorch([&] { return Train(folder, all->get(), &plan); });
  std::fprintf(stderr, "rank %d: %s\n", (*world)->world().rank,
               std::string(status.message()).c_str());
  (*world)->Abandon();
  return 1;
}

}  // namespace
}  // namespace hone

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  return hone::Run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), argv[4]);
}
