#include "cluster/mpi_thread.h"

#include <sched.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"

namespace hone {
namespace {

// A message has at most this many bytes: MPI counts in int.
constexpr int64_t kMessageBytes = int64_t{1} << 28;
// Without an operation, between looks for a roll call: well within the grace that one has.
constexpr absl::Duration kIdleLook = absl::Milliseconds(100);

}  // namespace

Status FromMpi(int code, absl::string_view what) {
  if (code == MPI_SUCCESS) return absl::OkStatus();
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  return absl::UnavailableError(absl::StrCat("MPI, ", what, ": ", absl::string_view(text, length)));
}

MpiThread::MpiThread(const MpiOptions& options, int roll_call_tag)
    : options_(options),
      roll_call_(roll_call_tag),
      thread_({.idle = [this] { Idle(); },
               .idle_every = kIdleLook,
               .end = [this](const Status& broken) { End(broken); }}) {}

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

// MPI would wait for what a lost rank never takes.
void MpiThread::End(const Status& broken) {
  if (joined_ && broken.ok() && roll_call_.AllSent()) MPI_Finalize();
}

void MpiThread::SetWaiting(Statement statement) {
  const absl::MutexLock lock(&mutex_);
  waiting_ = std::move(statement);
}

Statement MpiThread::Waiting() {
  const absl::MutexLock lock(&mutex_);
  return waiting_;
}

void MpiThread::Idle() {
  if (!joined_) return;
  roll_call_.Listen(world_, [this] { return Waiting(); });
  roll_call_.Correct(world_, Waiting());
}

StatusOr<std::string> MpiThread::CallRoll(const Statement& own, absl::string_view within) {
  std::string text;
  HONE_RETURN_IF_ERROR(RunNow([&] {
    roll_call_.Ask(world_, own);
    const absl::Time end = RealClock()->Now() + grace();
    const auto waits = [&](int rank) {
      return roll_call_.HasAnswered(rank) && !roll_call_.heard().at(rank).operation.empty();
    };
    // Who is at work may yet arrive.
    while (!std::all_of(own.waits_for.begin(), own.waits_for.end(), waits) &&
           RealClock()->Now() < end) {
      absl::SleepFor(kLookAgain);
      roll_call_.Listen(world_, [&] { return own; });
    }
    text = DescribeAbsence(world_.rank, own, roll_call_.heard(), within);
    return absl::OkStatus();
  }));
  return text;
}

absl::Time MpiThread::LostDeadline(absl::Time now) {
  if (options_.rank_lost == nullptr || !*options_.rank_lost) return absl::InfiniteFuture();
  if (lost_seen_ == absl::InfiniteFuture()) lost_seen_ = now;
  return lost_seen_ + grace();
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

// At the deadline a roll call begins, and has the grace to learn who is to blame. It begins as well
// when a rank is known to be gone.
Status MpiMessages::Finish(absl::string_view operation) {
  HONE_RETURN_IF_ERROR(FromMpi(code_, operation));
  MpiRollCall& roll_call = thread_->roll_call_;
  const double timeout = thread_->options_.timeout_seconds;
  absl::Time moved = RealClock()->Now();
  const absl::Time deadline = moved + absl::Seconds(timeout);
  bool asked = false;
  const auto own = [&] { return Statement{std::string(operation), Missing()}; };
  roll_call.Correct(thread_->world_, thread_->Waiting());
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
    if (now - moved < kBusyLook) {
      sched_yield();
      continue;
    }
    const absl::Time lost = thread_->LostDeadline(now);
    roll_call.Listen(thread_->world_, own);
    if (!asked && (now > deadline || lost < absl::InfiniteFuture())) {
      roll_call.Ask(thread_->world_, own());
      asked = true;
    }
    const bool is_lost = now > lost;
    if (is_lost || now > deadline + thread_->grace()) {
      const std::string within =
          is_lost ? ""
                  : absl::StrCat(" within ", timeout, " s (resources.trainer.timeout_seconds)");
      const std::string why = absl::StrCat(
          operation, ": ", DescribeAbsence(thread_->world_.rank, own(), roll_call.heard(), within));
      if (is_lost) return absl::UnavailableError(absl::StrCat("a rank is gone; ", why));
      return absl::DeadlineExceededError(why);
    }
    absl::SleepFor(kLookAgain);
  }
  requests_.clear();
  peers_.clear();
  return absl::OkStatus();
}

// Ascending.
std::vector<int> MpiMessages::Missing() const {
  std::vector<int> missing;
  for (size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i] != MPI_REQUEST_NULL) missing.push_back(peers_[i]);
  }
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  return missing;
}

}  // namespace hone
