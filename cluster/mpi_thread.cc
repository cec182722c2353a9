#include "cluster/mpi_thread.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/clock.h"

namespace hone {
namespace {

// A message has at most this many bytes: MPI counts in int.
constexpr int64_t kMessageBytes = int64_t{1} << 28;
// While other ranks are near, looking again at once is quickest; later it would steal from them.
constexpr absl::Duration kBusyLook = absl::Microseconds(300);
constexpr absl::Duration kSleep = absl::Microseconds(50);

double SecondsSince(absl::Time begin) { return absl::ToDoubleSeconds(RealClock()->Now() - begin); }

}  // namespace

Status FromMpi(int code, absl::string_view what) {
  if (code == MPI_SUCCESS) return absl::OkStatus();
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  return absl::UnavailableError(absl::StrCat("MPI, ", what, ": ", absl::string_view(text, length)));
}

// What the thread does, and how it ended.
struct MpiThread::Task : Pending::Operation {
  std::function<Status()> run;
  OnSeconds finished, waited;
  absl::Notification done;
  Status status;

  Status Wait() override {
    const absl::Time begin = RealClock()->Now();
    done.WaitForNotification();
    if (waited) waited(SecondsSince(begin));
    return status;
  }
};

MpiThread::MpiThread(const MpiOptions& options) : options_(options), thread_([this] { Loop(); }) {}

MpiThread::~MpiThread() {
  {
    const absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  thread_.join();
}

Pending MpiThread::Enqueue(std::function<Status()> run, OnSeconds finished, OnSeconds waited) {
  auto task = std::make_shared<Task>();
  task->run = std::move(run);
  task->finished = std::move(finished);
  task->waited = std::move(waited);
  const absl::MutexLock lock(&mutex_);
  queue_.push_back(task);
  return Pending(task);
}

Status MpiThread::Join() {
  return RunNow([this]() -> Status {
    int provided = 0;
    HONE_RETURN_IF_ERROR(
        FromMpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init"));
    joined_ = true;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &world_.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &world_.size);
    return absl::OkStatus();
  });
}

void MpiThread::Loop() {
  while (const std::shared_ptr<Task> task = Next()) {
    if (broken_.ok()) {
      const absl::Time begin = RealClock()->Now();
      task->status = broken_ = task->run();
      if (task->finished) task->finished(SecondsSince(begin));
    } else {
      task->status = Annotate(broken_, "after an earlier failure");
    }
    task->run = nullptr;
    task->done.Notify();
  }
  if (joined_ && broken_.ok()) MPI_Finalize();
}

std::shared_ptr<MpiThread::Task> MpiThread::Next() {
  const absl::MutexLock lock(&mutex_);
  const auto ready = [this]()
                         ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ending_ || !queue_.empty(); };
  mutex_.Await(absl::Condition(&ready));
  if (queue_.empty()) return nullptr;
  std::shared_ptr<Task> task = std::move(queue_.front());
  queue_.pop_front();
  return task;
}

absl::Time MpiThread::LostDeadline(absl::Time now) {
  if (options_.rank_lost == nullptr || !*options_.rank_lost) return absl::InfiniteFuture();
  if (lost_seen_ == absl::InfiniteFuture()) lost_seen_ = now;
  return lost_seen_ + absl::Seconds(options_.lost_grace_seconds);
}

template <typename Start>
void MpiMessages::Split(int64_t n, int peer, Start start) {
  for (int64_t begin = 0; code_ == MPI_SUCCESS && (begin < n || begin == 0);
       begin += kMessageBytes) {
    requests_.push_back(MPI_REQUEST_NULL);
    peers_.push_back(peer);
    code_ = start(begin, static_cast<int>(std::min(kMessageBytes, n - begin)), &requests_.back());
  }
}

void MpiMessages::Receive(void* bytes, int64_t n, int peer) {
  Split(n, peer, [&](int64_t begin, int count, MPI_Request* request) {
    return MPI_Irecv(static_cast<char*>(bytes) + begin, count, MPI_BYTE, peer, tag_, MPI_COMM_WORLD,
                     request);
  });
}

void MpiMessages::Send(const void* bytes, int64_t n, int peer) {
  Split(n, peer, [&](int64_t begin, int count, MPI_Request* request) {
    return MPI_Issend(static_cast<const char*>(bytes) + begin, count, MPI_BYTE, peer, tag_,
                      MPI_COMM_WORLD, request);
  });
}

Status MpiMessages::Finish(absl::string_view operation) {
  HONE_RETURN_IF_ERROR(FromMpi(code_, operation));
  const double timeout = thread_->options_.timeout_seconds;
  absl::Time moved = RealClock()->Now();
  const absl::Time deadline = moved + absl::Seconds(timeout);
  std::vector<int> finished(requests_.size());
  for (auto open = static_cast<int>(requests_.size()); open > 0;) {
    int count = 0;
    HONE_RETURN_IF_ERROR(FromMpi(MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(),
                                              &count, finished.data(), MPI_STATUSES_IGNORE),
                                 operation));
    const absl::Time now = RealClock()->Now();
    if (count > 0) {
      open -= count;
      moved = now;
      continue;
    }
    if (now > deadline) {
      return absl::DeadlineExceededError(absl::StrCat(operation, ": ", Missing(),
                                                      " not arrived within ", timeout,
                                                      " s (resources.trainer.timeout_seconds)"));
    }
    if (now > thread_->LostDeadline(now)) {
      return absl::UnavailableError(
          absl::StrCat("a rank is gone; ", operation, ": ", Missing(), " not arrived"));
    }
    if (now - moved < kBusyLook) {
      sched_yield();
    } else {
      absl::SleepFor(kSleep);
    }
  }
  requests_.clear();
  peers_.clear();
  return absl::OkStatus();
}

// "rank 2 has", "ranks 1, 3 have"
std::string MpiMessages::Missing() const {
  std::vector<int> missing;
  for (size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i] != MPI_REQUEST_NULL) missing.push_back(peers_[i]);
  }
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  const bool one = missing.size() == 1;
  return absl::StrCat(one ? "rank " : "ranks ", absl::StrJoin(missing, ", "),
                      one ? " has" : " have");
}

}  // namespace hone
