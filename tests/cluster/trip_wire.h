// Stands between a client and a server on this host and passes on all that they say. Once the
// server has said `limit` bytes, over all connections, `event` is called before more is passed on:
// to let something happen in the middle of a stream.
#ifndef HONE_TESTS_CLUSTER_TRIP_WIRE_H_
#define HONE_TESTS_CLUSTER_TRIP_WIRE_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hone {

class TripWire {
 public:
  TripWire(const std::string& server, int64_t limit, std::function<void()> event)
      : limit_(limit), event_(std::move(event)) {
    EXPECT_TRUE(absl::SimpleAtoi(server.substr(server.rfind(':') + 1), &server_port_));
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here = Loopback(0);
    socklen_t size = sizeof(here);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&here), size), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size), 0);
    address_ = absl::StrCat("127.0.0.1:", ntohs(here.sin_port));
    EXPECT_EQ(pipe(end_), 0);
    thread_ = std::thread([this] { Run(); });
  }
  ~TripWire() {
    close(end_[1]);
    thread_.join();
    for (const int fd : {listener_, end_[0]}) close(fd);
  }

  const std::string& address() const { return address_; }

 private:
  struct Link {
    int from, to;
    bool from_server;
  };

  static sockaddr_in Loopback(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  void Accept() {
    const int client = accept(listener_, nullptr, nullptr);
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in there = Loopback(server_port_);
    if (connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof(there)) != 0) {
      close(client);
      close(server);
      return;
    }
    links_.push_back({client, server, false});
    links_.push_back({server, client, true});
  }

  // False at the connection's end.
  bool Pass(const Link& link) {
    char buffer[1 << 16];
    const ssize_t size = recv(link.from, buffer, sizeof(buffer), 0);
    if (size <= 0) return false;
    if (link.from_server && said_ < limit_ && (said_ += size) >= limit_) event_();
    return send(link.to, buffer, size, MSG_NOSIGNAL) == size;
  }

  void Run() {
    while (true) {
      std::vector<pollfd> polls = {{end_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
      for (const Link& link : links_) polls.push_back({link.from, POLLIN, 0});
      poll(polls.data(), polls.size(), -1);
      if (polls[0].revents != 0) break;
      if (polls[1].revents != 0) Accept();
      for (size_t i = 2; i < polls.size(); ++i) {
        if (polls[i].revents == 0 || Pass(links_[i - 2])) continue;
        // Both directions; indices are stale then.
        const size_t pair = (i - 2) / 2 * 2;
        close(links_[pair].from);
        close(links_[pair].to);
        links_.erase(links_.begin() + static_cast<int64_t>(pair),
                     links_.begin() + static_cast<int64_t>(pair) + 2);
        break;
      }
    }
    for (const Link& link : links_) close(link.from);
  }

  const int64_t limit_;
  const std::function<void()> event_;
  int server_port_ = 0;
  int listener_ = -1;
  int end_[2];
  std::string address_;
  int64_t said_ = 0;
  std::vector<Link> links_;
  std::thread thread_;
};

}  // namespace hone

#endif  // HONE_TESTS_CLUSTER_TRIP_WIRE_H_
