// Asks a service over gRPC: the Reward service of proto/hone.proto. `terms` has one entry, `remote`
// with weight 1; what counts of a score is its outcome, reward and detail.
#ifndef HONE_REWARD_REMOTE_CLIENT_H_
#define HONE_REWARD_REMOTE_CLIENT_H_

#include <memory>

#include "config/remote_url.h"
#include "reward/remote.h"

namespace hone {

std::unique_ptr<const RemoteLine> MakeRemoteClient(const RemoteUrl& url, double timeout_seconds);

}  // namespace hone

#endif  // HONE_REWARD_REMOTE_CLIENT_H_
