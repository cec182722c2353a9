#include "app/raw_tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "absl/cleanup/cleanup.h"

namespace hone {
namespace {

struct Request {
  int64_t begin, size;
};

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void Answer(int fd, absl::string_view bytes, int64_t chunk_bytes) {
  Request request;
  if (recv(fd, &request, sizeof(request), MSG_WAITALL) == sizeof(request)) {
    bytes = bytes.substr(request.begin, request.size);
    while (!bytes.empty()) {
      const ssize_t sent =
          send(fd, bytes.data(), std::min<size_t>(bytes.size(), chunk_bytes), MSG_NOSIGNAL);
      if (sent <= 0) break;
      bytes.remove_prefix(sent);
    }
  }
  close(fd);
}

}  // namespace

StatusOr<RawListener> ListenRaw() {
  RawListener listener{.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (listener.fd < 0 || bind(listener.fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener.fd, SOMAXCONN) != 0 ||
      getsockname(listener.fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return FromErrno(errno, "cannot listen on 127.0.0.1");
  }
  listener.port = ntohs(address.sin_port);
  return listener;
}

void ServeRaw(const RawListener& listener, absl::string_view bytes, int64_t chunk_bytes) {
  while (true) {
    const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && errno == EINTR) continue;
    if (fd < 0) std::_Exit(1);
    std::thread(Answer, fd, bytes, chunk_bytes).detach();
  }
}

Status ReadRaw(int port, int64_t begin, int64_t chunk_bytes, absl::Span<char> out) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  const sockaddr_in address = Loopback(port);
  const Request request = {begin, static_cast<int64_t>(out.size())};
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      send(fd, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request)) {
    return FromErrno(errno, "cannot connect to 127.0.0.1");
  }
  while (!out.empty()) {
    const ssize_t size = recv(fd, out.data(), std::min<size_t>(out.size(), chunk_bytes), 0);
    if (size <= 0) return FromErrno(size < 0 ? errno : ECONNRESET, "cannot read from 127.0.0.1");
    out.remove_prefix(size);
  }
  return absl::OkStatus();
}

}  // namespace hone
