// Where a service of the user's own listens: http://host:port/path or grpc://host:port.
#ifndef HONE_CONFIG_REMOTE_URL_H_
#define HONE_CONFIG_REMOTE_URL_H_

#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

struct RemoteUrl {
  bool grpc = false;  // else HTTP
  std::string host;   // an IPv6 address without its brackets
  int port = 0;
  std::string path;  // of HTTP, with the query; at least "/"
};

// InvalidArgument says what is wrong and what an address looks like.
StatusOr<RemoteUrl> ParseRemoteUrl(absl::string_view url);

}  // namespace hone

#endif  // HONE_CONFIG_REMOTE_URL_H_
