#include "reward/remote_http.h"

#include <httplib.h>
#include <pthread.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "reward/remote_json.h"
#include "reward/shown.h"

namespace hone {
namespace {

// How often a request that is past its deadline is stopped: it may have just begun to connect, when
// there is nothing to stop yet.
constexpr absl::Duration kStopAgain = absl::Milliseconds(20);
// By so much the library's time-outs for single reads come after that of the whole, which would be
// taken for a broken connection otherwise.
constexpr std::chrono::seconds kNotBeforeUs(1);

struct Response {
  httplib::Error error = httplib::Error::Unknown;
  int status = 0;
  std::string body;
  bool oversized = false;
  bool late = false;
};

// Writing to a connection that the service has closed must not end the process. What is pending for
// a thread goes with it.
void BlockSigPipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

class RemoteHttp : public RemoteLine {
 public:
  RemoteHttp(const RemoteUrl& url, double timeout_seconds)
      : url_(url), timeout_(absl::Seconds(timeout_seconds)) {}

  StatusOr<std::vector<Verdict>> Ask(absl::Span<const JudgeItem> items) const override {
    const Response response = Post(RemoteRequest(items));
    if (response.oversized) {
      return absl::InvalidArgumentError(absl::StrCat("answered more than ", kMaxRemoteResponseBytes,
                                                     " bytes; let it shorten `detail`"));
    }
    if (response.late) {
      return absl::DeadlineExceededError(absl::StrCat("did not answer within ",
                                                      absl::FormatDuration(timeout_),
                                                      "; raise timeout_seconds or make it faster"));
    }
    if (response.error == httplib::Error::Connection) {
      return absl::UnavailableError("cannot be connected to; start the service or correct `url`");
    }
    if (response.error != httplib::Error::Success) {
      return absl::UnavailableError(absl::StrCat("broke off (", httplib::to_string(response.error),
                                                 "); look into the service's log"));
    }
    if (response.status != 200) {
      const std::string message =
          absl::StrCat("answered with status ", response.status, ", \"", Shown(response.body),
                       "\", not 200; look into the service's log");
      const bool overloaded = response.status >= 500 || response.status == 429;
      return overloaded ? absl::UnavailableError(message) : absl::InvalidArgumentError(message);
    }
    return ReadRemoteResponse(response.body, items.size());
  }

 private:
  // The library's time-outs are for single reads and writes, so the whole is timed here. What the
  // request's thread writes is read once it is joined.
  Response Post(std::string body) const {
    Response response;
    httplib::Client client(url_.host, url_.port);
    const std::chrono::microseconds timeout = absl::ToChronoMicroseconds(timeout_);
    client.set_connection_timeout(timeout);
    client.set_read_timeout(timeout + kNotBeforeUs);
    client.set_write_timeout(timeout + kNotBeforeUs);
    client.set_tcp_nodelay(true);  // the request's head and its body are two writes

    httplib::Request request;
    request.method = "POST";
    request.path = url_.path;
    request.body = std::move(body);
    request.set_header("Content-Type", "application/json");
    request.content_receiver = [&response](const char* data, size_t size, uint64_t, uint64_t) {
      response.oversized = response.body.size() + size > kMaxRemoteResponseBytes;
      if (!response.oversized) response.body.append(data, size);
      return !response.oversized;
    };

    absl::Notification done;
    std::thread asking([&] {
      BlockSigPipe();
      const httplib::Result result = client.send(request);
      response.error = result.error();
      if (result) response.status = result->status;
      done.Notify();
    });
    bool stopped = false;
    for (absl::Duration wait = timeout_; !done.WaitForNotificationWithTimeout(wait);
         wait = kStopAgain) {
      stopped = true;
      client.stop();
    }
    asking.join();
    // What is stopped may look whole: an answer without a stated length ends with its connection.
    response.late = stopped || response.error == httplib::Error::ConnectionTimeout;
    return response;
  }

  const RemoteUrl url_;
  const absl::Duration timeout_;
};

}  // namespace

std::unique_ptr<const RemoteLine> MakeRemoteHttp(const RemoteUrl& url, double timeout_seconds) {
  return std::make_unique<RemoteHttp>(url, timeout_seconds);
}

}  // namespace hone
