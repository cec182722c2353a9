// A reward service: judges completions by rule for whoever asks (the Reward service of
// proto/hone.proto), and tells the coordinator where it is.
#ifndef HONE_REWARD_REWARD_SERVICE_H_
#define HONE_REWARD_REWARD_SERVICE_H_

#include <atomic>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "reward/judge_pool.h"

namespace hone {

struct RewardServiceOptions {
  std::string listen_address = "127.0.0.1:0";  // port 0: any free one
  // What others reach it by, without the port; "" for the host of listen_address, or this
  // machine's name if that is 0.0.0.0 or [::].
  std::string advertised_host;
  // Where the coordinator listens now; asked again whenever it does not answer.
  std::function<StatusOr<std::string>()> coordinator_address;
  std::string client_id;
  std::string experiment_hash;
  double give_up_seconds = 60;  // without an answer of the coordinator
  Clock* clock = RealClock();   // not owned
};

// Serves until the run is done or `stop` is raised (OK), or the coordinator is lost (Unavailable,
// naming it). Unavailable as well when the address cannot be listened on. `pool` judges and is not
// owned. Blocks.
Status RunRewardService(const RewardServiceOptions& options, JudgePool* pool,
                        const std::atomic<bool>& stop);

}  // namespace hone

#endif  // HONE_REWARD_REWARD_SERVICE_H_
