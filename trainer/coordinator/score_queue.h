// Completed groups that wait for their scores.
// Thread safety: none; the Dispatcher's lock guards it. Bounded by the groups that are pending.
#ifndef HONE_TRAINER_COORDINATOR_SCORE_QUEUE_H_
#define HONE_TRAINER_COORDINATOR_SCORE_QUEUE_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "trainer/coordinator/job_table.h"

namespace hone {

// Samples of one group to score. Holds what it needs, since its job may be given up meanwhile.
struct ScoreTask {
  GroupRef group;
  std::shared_ptr<const GenerateJob> spec;
  std::shared_ptr<const std::vector<Completion>> completions;
  std::vector<int> samples = {};  // indices into completions
  int num_failed_calls = 0;       // that were the call's own fault, not its service's absence
  bool is_second_try = false;     // the verifier itself failed on these samples once
};

// One Score call: tasks of one job.
struct ScoreBatch {
  std::string service_id;
  std::string address;
  std::vector<ScoreTask> tasks;
};

class ScoreQueue {
 public:
  void Add(ScoreTask task) { tasks_.push_back(std::move(task)); }

  // The oldest tasks, as many as one call should carry; empty when there are none.
  std::vector<ScoreTask> TakeBatch();

  void DropJob(JobId job);
  bool empty() const { return tasks_.empty(); }

 private:
  std::deque<ScoreTask> tasks_;
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_SCORE_QUEUE_H_
