#include "reward/judge.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "data/wire.h"
#include "reward/verifier.h"

namespace hone {
namespace {

constexpr size_t kMaxRewards = 64;  // lists of terms that are kept; an experiment has a few
// The larger, the sooner the kernel takes a process when memory runs out; 0 is usual.
constexpr absl::string_view kOomScoreAdj = "500";

bool ReadAll(int fd, void* buffer, size_t size) {
  auto* to = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = read(fd, to, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= got;
  }
  return true;
}

// At once, not when there is more to send: the next item may be the judge's last. False when nobody
// listens any more.
bool WriteFrame(int socket, JudgeFrame frame, absl::string_view body) {
  frame.size = static_cast<uint32_t>(body.size());
  std::string bytes(reinterpret_cast<const char*>(&frame), sizeof(frame));
  absl::StrAppend(&bytes, body);
  for (absl::string_view rest = bytes; !rest.empty();) {
    const ssize_t sent = send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    rest.remove_prefix(sent);
  }
  return true;
}

// Only the soft limit of memory: what a sandbox may have is its own matter (sandbox/cell/main.cc).
void LimitMyself(int64_t memory_bytes) {
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  rlimit memory;
  if (memory_bytes > 0 && getrlimit(RLIMIT_DATA, &memory) == 0) {
    memory.rlim_cur = std::min(memory.rlim_max, static_cast<rlim_t>(memory_bytes));
    setrlimit(RLIMIT_DATA, &memory);
  }
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  (void)!write(fd, kOomScoreAdj.data(), kOomScoreAdj.size());
  close(fd);
}

class Judge {
 public:
  Status Run(const proto::ScoreRequest& request, const TakeScore& take) {
    HONE_ASSIGN_OR_RETURN(const Reward* reward, RewardFor(request));
    std::vector<JudgeItem> items;
    for (const proto::ScoreItem& item : request.items()) {
      const int64_t tokens = item.has_completion_tokens() ? item.completion_tokens() : -1;
      items.push_back({item.prompt(),
                       item.completion(),
                       item.answer(),
                       {.first = std::nullopt, .completion_tokens = tokens}});
    }
    for (size_t i = 0; i < items.size(); i += reward->items_at_once) {
      const auto some = absl::MakeConstSpan(items).subspan(i, reward->items_at_once);
      std::vector<std::vector<Outcome>> outcomes;
      const absl::Time begin = RealClock()->Now();
      const std::vector<Score> scores = reward->sum.JudgeAll(some, &outcomes);
      const double seconds =
          absl::ToDoubleSeconds(RealClock()->Now() - begin) / static_cast<double>(some.size());
      for (size_t j = 0; j < scores.size(); ++j) {
        proto::Score message = ToProto(scores[j]);
        for (const Outcome outcome : outcomes[j]) message.add_outcomes(ToProto(outcome));
        take(message, seconds);
      }
    }
    return absl::OkStatus();
  }

 private:
  struct Reward {
    RewardSum sum;
    size_t items_at_once;
  };

  StatusOr<const Reward*> RewardFor(const proto::ScoreRequest& request) {
    std::string key;
    for (const proto::RewardTerm& term : request.terms()) {
      const std::string text = term.SerializeAsString();
      key += std::to_string(text.size()) + ":" + text;
    }
    const auto found = rewards_.find(key);
    if (found != rewards_.end()) return &found->second;
    HONE_ASSIGN_OR_RETURN(const std::vector<RewardSpec> terms, ParseTerms(request));
    HONE_ASSIGN_OR_RETURN(RewardSum sum, RewardSum::Make(terms));
    if (rewards_.size() >= kMaxRewards) rewards_.clear();
    Reward reward = {std::move(sum), static_cast<size_t>(ItemsAtOnce(absl::MakeConstSpan(terms)))};
    return &rewards_.emplace(std::move(key), std::move(reward)).first->second;
  }

  std::map<std::string, Reward> rewards_;
};

}  // namespace

JudgeRequest MakeJudge() {
  return [judge = std::make_shared<Judge>()](const proto::ScoreRequest& request,
                                             const TakeScore& take) {
    return judge->Run(request, take);
  };
}

void RunJudge(int socket, const JudgeRequest& judge, int64_t memory_bytes) noexcept {
  prctl(PR_SET_NAME, "hone-judge");
  LimitMyself(memory_bytes);
  bool heard = WriteFrame(socket, {.kind = JudgeFrame::kReady}, "");
  JudgeFrame frame;
  std::string body;
  proto::ScoreRequest request;
  while (heard && ReadAll(socket, &frame, sizeof(frame))) {
    body.resize(frame.size);
    if (!ReadAll(socket, body.data(), body.size()) || !request.ParseFromString(body)) return;
    const Status status = judge(request, [&](const proto::Score& score, double seconds) {
      heard = heard && WriteFrame(socket, {.kind = JudgeFrame::kScore, .seconds = seconds},
                                  score.SerializeAsString());
    });
    if (status.ok()) continue;
    const auto code = static_cast<int64_t>(status.code());
    heard = WriteFrame(socket, {.kind = JudgeFrame::kRefusal, .code = code}, status.message());
  }
}

int ItemsAtOnce(absl::Span<const RewardSpec> terms) {
  int most = 1;
  for (const RewardSpec& term : terms) {
    most = std::max(most, ItemsAtOnce(static_cast<const VerifierSpec&>(term)));
  }
  return most;
}

StatusOr<std::vector<RewardSpec>> ParseTerms(const proto::ScoreRequest& request) {
  if (request.terms().empty()) {
    return absl::InvalidArgumentError("a reward needs at least one term");
  }
  std::vector<RewardSpec> terms;
  for (const proto::RewardTerm& message : request.terms()) {
    HONE_ASSIGN_OR_RETURN(RewardSpec term, FromProto(message));
    terms.push_back(std::move(term));
  }
  return terms;
}

}  // namespace hone
