// Threads that carry completed groups to reward services and scores back.
//
// Thread safety: constructed and destroyed by one thread.
// Invariants: a batch that was taken from the dispatcher is always given back, scored or failed.
#ifndef HONE_TRAINER_COORDINATOR_SCORER_H_
#define HONE_TRAINER_COORDINATOR_SCORER_H_

#include <memory>
#include <thread>
#include <vector>

#include "trainer/coordinator/dispatcher.h"

namespace hone {

class RewardClient;

class Scorer {
 public:
  // `dispatcher` and `clock` are not owned.
  Scorer(Dispatcher* dispatcher, double timeout_seconds, Clock* clock);
  // The dispatcher must be closed. Cancels calls in flight and joins the threads.
  ~Scorer();

 private:
  void Run();

  Dispatcher* const dispatcher_;
  Clock* const clock_;
  std::unique_ptr<RewardClient> client_;
  std::vector<std::thread> threads_;
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_SCORER_H_
