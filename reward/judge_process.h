// A process that judges, so that an input that crashes a verifier or exhausts memory takes down
// that process alone. It is a program of its own that runs RunJudge (reward/judge.h) on its stdin,
// a socket: `hone judge`. What a judge starts must see to its own end when the judge dies.
//
// Thread safety: none; all by the thread that made it, with which the process ends.
#ifndef HONE_REWARD_JUDGE_PROCESS_H_
#define HONE_REWARD_JUDGE_PROCESS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/status.h"
#include "cluster/child_process.h"
#include "proto/hone.pb.h"
#include "reward/judge.h"

namespace hone {

class JudgeProcess {
 public:
  // Says that nobody waits for an answer any more; asked several times a second.
  using IsOver = std::function<bool()>;

  explicit JudgeProcess(std::vector<std::string> command) : command_(std::move(command)) {}

  // Starts the process, unless it is there. Blocks until it is ready: 60 s at most, then
  // Unavailable, as when it ends before; Cancelled once `is_over`.
  Status Start(const IsOver& is_over);

  // Has it judge a request, and hands on what it says as it says it. Blocks until the last item is
  // judged, or `is_over`. After any error but a refusal the process is gone: Start it again.
  //   InvalidArgument, FailedPrecondition   the judge refuses the request
  //   Cancelled     it was killed, since `is_over`
  //   Aborted       it died; the message says how
  //   Unavailable   it was not there: no request is to blame
  Status Judge(const proto::ScoreRequest& request, const TakeScore& take, const IsOver& is_over);

 private:
  Status Spawn();
  Status Send(const proto::ScoreRequest& request, const IsOver& is_over);
  // The next frame of the judge and what it carries.
  StatusOr<std::pair<JudgeFrame, std::string>> Receive(const IsOver& is_over);
  Status TakeScores(int num_items, const TakeScore& take, const IsOver& is_over);
  // Cancelled once `is_over`.
  Status AwaitSocket(short events, const IsOver& is_over) const;
  // Kills it if it is still there; says how it ended.
  std::string End();

  const std::vector<std::string> command_;
  std::unique_ptr<ChildProcess> process_;
  Descriptor socket_;
  std::string input_;  // what was received and not taken
};

}  // namespace hone

#endif  // HONE_REWARD_JUDGE_PROCESS_H_
