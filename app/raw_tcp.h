// Bytes over bare TCP on this host, with nothing between the socket and their place: the limit that
// `hone bench sync` compares gRPC with.
#ifndef HONE_APP_RAW_TCP_H_
#define HONE_APP_RAW_TCP_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"

namespace hone {

// A listening socket on 127.0.0.1 and its port.
struct RawListener {
  int fd = -1;
  int port = 0;
};
StatusOr<RawListener> ListenRaw();

// Answers every connection, each in a thread of its own, with the piece of `bytes` that it asks
// for, `chunk_bytes` a call. Never returns.
[[noreturn]] void ServeRaw(const RawListener& listener, absl::string_view bytes,
                           int64_t chunk_bytes);

// out = the bytes from `begin` on, over a connection made for it. Blocks.
Status ReadRaw(int port, int64_t begin, int64_t chunk_bytes, absl::Span<char> out);

}  // namespace hone

#endif  // HONE_APP_RAW_TCP_H_
