#include "cluster/operation_thread.h"

#include <utility>

#include "absl/synchronization/notification.h"
#include "base/clock.h"

namespace hone {
namespace {

double SecondsSince(absl::Time begin) { return absl::ToDoubleSeconds(RealClock()->Now() - begin); }

}  // namespace

// What the thread does, and how it ended.
struct OperationThread::Task : Pending::Operation {
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

OperationThread::OperationThread(Hooks hooks)
    : hooks_(std::move(hooks)), thread_([this] { Loop(); }) {}

OperationThread::~OperationThread() {
  {
    const absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  thread_.join();
}

Pending OperationThread::Enqueue(std::function<Status()> run, OnSeconds finished,
                                 OnSeconds waited) {
  auto task = std::make_shared<Task>();
  task->run = std::move(run);
  task->finished = std::move(finished);
  task->waited = std::move(waited);
  const absl::MutexLock lock(&mutex_);
  queue_.push_back(task);
  return Pending(task);
}

void OperationThread::Loop() {
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
  if (hooks_.end) hooks_.end(broken_);
}

std::shared_ptr<OperationThread::Task> OperationThread::Next() {
  const auto ready = [this]()
                         ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ending_ || !queue_.empty(); };
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&ready), hooks_.idle_every)) {
        if (queue_.empty()) return nullptr;
        std::shared_ptr<Task> task = std::move(queue_.front());
        queue_.pop_front();
        return task;
      }
    }
    if (broken_.ok()) hooks_.idle();
  }
}

}  // namespace hone
