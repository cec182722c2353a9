#include "reward/judge_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/clock.h"

namespace hone {
namespace {

constexpr size_t kReadBytes = 1 << 16;
constexpr int kLookMilliseconds = 100;    // how often is_over is asked
constexpr int kEndMilliseconds = 10'000;  // for a killed process to end
constexpr absl::Duration kStartPatience = absl::Seconds(60);

}  // namespace

Status JudgeProcess::Start(const IsOver& is_over) {
  if (process_ != nullptr && !process_->TakeExit()) return absl::OkStatus();
  HONE_RETURN_IF_ERROR(Spawn());
  const absl::Time deadline = RealClock()->Now() + kStartPatience;
  const auto first = Receive([&] { return is_over() || RealClock()->Now() >= deadline; });
  if (first.ok() && first->first.kind == JudgeFrame::kReady) return absl::OkStatus();
  const std::string end = End();
  if (is_over()) return absl::CancelledError("nobody waits for a judge");
  return absl::UnavailableError(absl::StrCat("a judge (", absl::StrJoin(command_, " "), ") ",
                                             absl::IsCancelled(first.status())
                                                 ? "was not ready in a minute"
                                                 : absl::StrCat(end, " as it started")));
}

Status JudgeProcess::Spawn() {
  process_ = nullptr;
  input_.clear();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot make a pair of sockets for a judge: ", strerror(errno)));
  }
  socket_ = Descriptor(ends[0]);
  const Descriptor its_end(ends[1]);
  StatusOr<std::unique_ptr<ChildProcess>> process =
      ChildProcess::Start({.argv = command_, .stdin_fd = its_end.get()});
  if (!process.ok()) return absl::UnavailableError(process.status().message());
  process_ = *std::move(process);
  return absl::OkStatus();
}

std::string JudgeProcess::End() {
  process_->Signal(SIGKILL);
  pollfd ended = {process_->fd(), POLLIN, 0};
  while (poll(&ended, 1, kEndMilliseconds) < 0 && errno == EINTR) continue;
  const std::optional<ProcessExit> exit = process_->TakeExit();
  process_ = nullptr;
  return exit ? Describe(*exit) : "was killed";
}

Status JudgeProcess::AwaitSocket(short events, const IsOver& is_over) const {
  pollfd wanted = {socket_.get(), events, 0};
  while (poll(&wanted, 1, kLookMilliseconds) <= 0) {
    if (is_over()) return absl::CancelledError("nobody waits for the answer");
  }
  return absl::OkStatus();
}

Status JudgeProcess::Send(const proto::ScoreRequest& request, const IsOver& is_over) {
  const std::string body = request.SerializeAsString();
  const JudgeFrame frame = {.kind = JudgeFrame::kRequest,
                            .size = static_cast<uint32_t>(body.size())};
  std::string bytes(reinterpret_cast<const char*>(&frame), sizeof(frame));
  bytes += body;
  for (absl::string_view rest = bytes; !rest.empty();) {
    HONE_RETURN_IF_ERROR(AwaitSocket(POLLOUT, is_over));
    const ssize_t sent = send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) rest.remove_prefix(sent);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return absl::AbortedError("does not listen");
  }
  return absl::OkStatus();
}

StatusOr<std::pair<JudgeFrame, std::string>> JudgeProcess::Receive(const IsOver& is_over) {
  JudgeFrame frame;
  for (;;) {
    if (input_.size() >= sizeof(frame)) {
      std::memcpy(&frame, input_.data(), sizeof(frame));
      if (input_.size() - sizeof(frame) >= frame.size) break;
    }
    HONE_RETURN_IF_ERROR(AwaitSocket(POLLIN, is_over));
    const size_t before = input_.size();
    input_.resize(before + kReadBytes);
    const ssize_t got = recv(socket_.get(), input_.data() + before, kReadBytes, MSG_DONTWAIT);
    const int error = errno;
    input_.resize(before + std::max<ssize_t>(got, 0));
    if (got == 0 || (got < 0 && error != EAGAIN && error != EINTR)) {
      return absl::AbortedError("says nothing more");
    }
  }
  std::string body = input_.substr(sizeof(frame), frame.size);
  input_.erase(0, sizeof(frame) + frame.size);
  return std::pair(frame, std::move(body));
}

Status JudgeProcess::TakeScores(int num_items, const TakeScore& take, const IsOver& is_over) {
  for (int i = 0; i < num_items; ++i) {
    HONE_ASSIGN_OR_RETURN(const auto received, Receive(is_over));
    const auto& [frame, body] = received;
    if (frame.kind == JudgeFrame::kRefusal) {
      return Status(static_cast<absl::StatusCode>(frame.code), body);
    }
    proto::Score score;
    if (frame.kind != JudgeFrame::kScore || !score.ParseFromString(body)) {
      return absl::AbortedError("is not itself any more");
    }
    take(score, frame.seconds);
  }
  return absl::OkStatus();
}

Status JudgeProcess::Judge(const proto::ScoreRequest& request, const TakeScore& take,
                           const IsOver& is_over) {
  if (process_ == nullptr || process_->TakeExit()) {
    process_ = nullptr;
    return absl::UnavailableError("the judge ended while it waited");
  }
  Status status = Send(request, is_over);
  if (status.ok()) status = TakeScores(request.items_size(), take, is_over);
  if (status.ok() || absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status)) {
    return status;
  }
  const std::string end = End();
  return absl::IsCancelled(status) ? status : absl::AbortedError(end);
}

}  // namespace hone
