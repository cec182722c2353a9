// Asks a service over HTTP: one POST of JSON (reward/remote_json.h), answered with status 200.
#ifndef HONE_REWARD_REMOTE_HTTP_H_
#define HONE_REWARD_REMOTE_HTTP_H_

#include <memory>

#include "config/remote_url.h"
#include "reward/remote.h"

namespace hone {

// The largest response that is read.
inline constexpr size_t kMaxRemoteResponseBytes = 4 << 20;

std::unique_ptr<const RemoteLine> MakeRemoteHttp(const RemoteUrl& url, double timeout_seconds);

}  // namespace hone

#endif  // HONE_REWARD_REMOTE_HTTP_H_
