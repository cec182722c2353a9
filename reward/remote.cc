#include "reward/remote.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "config/remote_url.h"
#include "reward/final_answer.h"
#include "reward/remote_client.h"
#include "reward/remote_http.h"

namespace hone {
namespace {

// Before the first retry; doubled for each further one.
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(RemoteSpec::kLongestPauseSeconds);

class RemoteVerifier : public Verifier {
 public:
  RemoteVerifier(const RemoteSpec& spec, std::unique_ptr<const RemoteLine> line, Clock* clock)
      : spec_(spec), line_(std::move(line)), clock_(clock) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    return JudgeTerm(prompt, completion, answer, {});
  }

  Verdict JudgeTerm(absl::string_view prompt, absl::string_view completion,
                    absl::string_view answer, const TermContext& context) const override {
    return std::move(JudgeAll({{prompt, completion, answer, context}}).front());
  }

  std::vector<Verdict> JudgeAll(absl::Span<const JudgeItem> items) const override {
    if (items.empty()) return {};
    StatusOr<std::vector<Verdict>> verdicts = line_->Ask(items);
    absl::Duration pause = kFirstPause;
    for (int retry = 0; retry < spec_.retries && WorthARetry(verdicts.status()); ++retry) {
      Pause(pause);
      pause = std::min(2 * pause, kLongestPause);
      verdicts = line_->Ask(items);
    }
    if (verdicts.ok()) return *std::move(verdicts);
    const bool late = absl::IsDeadlineExceeded(verdicts.status());
    return std::vector<Verdict>(
        items.size(),
        {.outcome = late ? Outcome::kTimeout : Outcome::kError,
         .detail = absl::StrCat("remote: ", spec_.url, " ", verdicts.status().message())});
  }

  // The verdict's detail is all that the service tells; it is not asked twice.
  Explanation Explain(absl::string_view, absl::string_view, absl::string_view) const override {
    return {{"asked", spec_.url}};
  }

  std::string Vote(absl::string_view completion) const override { return FinalAnswer(completion); }

 private:
  static bool WorthARetry(const Status& status) {
    return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
  }

  void Pause(absl::Duration duration) const {
    const absl::Time end = clock_->Now() + duration;
    absl::Mutex mutex;
    absl::CondVar never;
    absl::MutexLock lock(&mutex);
    while (clock_->Now() < end) clock_->Wait(&never, &mutex, end);
  }

  const RemoteSpec spec_;
  const std::unique_ptr<const RemoteLine> line_;
  Clock* const clock_;
};

}  // namespace

StatusOr<std::unique_ptr<Verifier>> MakeRemoteVerifier(const RemoteSpec& spec, Clock* clock) {
  StatusOr<RemoteUrl> url = ParseRemoteUrl(spec.url);
  if (!url.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the url of the reward `remote` ", url.status().message()));
  }
  std::unique_ptr<const RemoteLine> line = url->grpc ? MakeRemoteClient(*url, spec.timeout_seconds)
                                                     : MakeRemoteHttp(*url, spec.timeout_seconds);
  return std::make_unique<RemoteVerifier>(spec, std::move(line), clock);
}

}  // namespace hone
