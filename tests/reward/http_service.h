// Services on loopback ports for the remote reward: one that speaks HTTP, and one that is handed
// the bare connection and may do anything with it.
#ifndef HONE_TESTS_REWARD_HTTP_SERVICE_H_
#define HONE_TESTS_REWARD_HTTP_SERVICE_H_

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"

namespace hone {

class HttpService {
 public:
  using Handler = std::function<void(const httplib::Request&, httplib::Response&)>;

  // Answers every POST by `handler`, which may run on several threads.
  explicit HttpService(Handler handler) {
    server_.Post(".*", [this, handler = std::move(handler)](const auto& request, auto& response) {
      {
        absl::MutexLock lock(&mutex_);
        bodies_.push_back(request.body);
      }
      handler(request, response);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  explicit HttpService(const std::string& answer)
      : HttpService([answer](const auto&, auto& response) {
          response.set_content(answer, "application/json");
        }) {}
  ~HttpService() {
    server_.stop();
    thread_.join();
  }

  int port() const { return port_; }
  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_, "/score"); }
  // Of the requests so far.
  std::vector<std::string> bodies() {
    absl::MutexLock lock(&mutex_);
    return bodies_;
  }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  absl::Mutex mutex_;
  std::vector<std::string> bodies_ ABSL_GUARDED_BY(mutex_);
};

// A socket that is bound to a free loopback port, and listens if asked to.
class LoopbackSocket {
 public:
  explicit LoopbackSocket(bool listening) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    if (listening) {
      EXPECT_EQ(listen(fd_, 8), 0);
    }
    port_ = ntohs(address.sin_port);
  }
  ~LoopbackSocket() { close(fd_); }

  int fd() const { return fd_; }
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

class BareService {
 public:
  // `handler` is called with each connection in turn, which is closed afterwards.
  explicit BareService(std::function<void(int fd)> handler)
      : thread_([this, handler = std::move(handler)] {
          int fd;
          while ((fd = accept(socket_.fd(), nullptr, nullptr)) >= 0) {
            handler(fd);
            close(fd);
          }
        }) {}
  ~BareService() {
    shutdown(socket_.fd(), SHUT_RDWR);
    thread_.join();
  }

  int port() const { return socket_.port(); }

 private:
  LoopbackSocket socket_{/*listening=*/true};
  std::thread thread_;
};

}  // namespace hone

#endif  // HONE_TESTS_REWARD_HTTP_SERVICE_H_
