#include "reward/judge_pool.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "data/wire.h"
#include "reward/judge.h"
#include "reward/judge_process.h"

namespace hone {
namespace {

constexpr int kMaxPieceItems = 32;
constexpr int kPiecesOfJudge = 4;  // of a call: so that a slow piece does not make all wait
constexpr absl::Duration kLookInterval = absl::Milliseconds(100);  // whether the caller is gone
constexpr absl::Duration kRestartPause = absl::Seconds(1);

// What is counted for one reward.
struct RewardInstruments {
  std::array<Counter*, kOutcomes.size()> judged;
  Histogram* seconds;
};

proto::Score Unjudged(Outcome outcome, size_t num_terms, absl::string_view detail) {
  proto::Score message = ToProto({.outcome = outcome,
                                  .components = std::vector<double>(num_terms),
                                  .detail = std::string(detail)});
  for (size_t i = 0; i < num_terms; ++i) message.add_outcomes(ToProto(outcome));
  return message;
}

}  // namespace

// A Score call in work. What is not const is guarded by the pool's lock.
struct JudgePool::Call {
  Call(const proto::ScoreRequest& asked, std::vector<RewardInstruments> of_terms)
      : request(asked), rewards(std::move(of_terms)), judged(asked.items_size()) {
    for (int i = 0; i < asked.items_size(); ++i) response.add_scores();
  }

  const proto::ScoreRequest request;  // a copy: a judge may be at it when the call has ended
  const std::vector<RewardInstruments> rewards;  // [terms]
  proto::ScoreResponse response;
  std::vector<bool> judged;
  int num_open = static_cast<int>(judged.size());
  Status refusal;
  bool over = false;  // nothing that comes later counts
};

struct JudgePool::Piece {
  std::shared_ptr<Call> call;
  std::vector<int> items;  // of the call
  bool killed_a_judge = false;

  int64_t bytes() const {
    size_t bytes = 0;
    for (const int item : items) bytes += call->request.items(item).ByteSizeLong();
    return static_cast<int64_t>(bytes);
  }
  proto::ScoreRequest Request() const {
    proto::ScoreRequest request;
    *request.mutable_terms() = call->request.terms();
    for (const int item : items) *request.add_items() = call->request.items(item);
    return request;
  }
};

struct JudgePool::Instruments {
  explicit Instruments(MetricsRegistry* metrics)
      : metrics(metrics),
        waiting(metrics->GetGauge("hone_reward_waiting_completions",
                                  "Completions that wait for a judge.")),
        judges(metrics->GetGauge("hone_reward_judges", "Judging processes that are well.")),
        deaths(metrics->GetCounter(
            "hone_reward_judge_deaths_total",
            "Judging processes that died, or were killed since their call was over.")),
        refused(metrics->GetCounter("hone_reward_refused_calls_total",
                                    "Score calls turned away because too much was waiting.")),
        calls(metrics->GetHistogram("hone_reward_call_seconds",
                                    "From a Score call's arrival to its answer.",
                                    SecondsBounds())) {}

  // `reward` is a verifier's name, of which there are few.
  RewardInstruments Of(const std::string& reward) {
    RewardInstruments of;
    for (size_t i = 0; i < kOutcomes.size(); ++i) {
      of.judged[i] =
          &metrics->GetCounter("hone_reward_judgements_total", "Judgements, by reward and outcome.",
                               {{"reward", reward}, {"outcome", std::string(Name(kOutcomes[i]))}});
    }
    of.seconds = &metrics->GetHistogram(
        "hone_reward_judge_seconds",
        "Time to judge a completion by all terms, by the reward that decides the outcome.",
        SecondsBounds(), {{"reward", reward}});
    return of;
  }

  MetricsRegistry* const metrics;
  Gauge& waiting;
  Gauge& judges;
  Counter& deaths;
  Counter& refused;
  Histogram& calls;
};

StatusOr<std::unique_ptr<JudgePool>> JudgePool::Start(const JudgePoolOptions& options,
                                                      MetricsRegistry* metrics) {
  std::unique_ptr<JudgePool> pool(new JudgePool(options, metrics));
  for (int i = 0; i < options.num_judges; ++i) {
    pool->threads_.emplace_back([raw = pool.get(), i] { raw->Run(i); });
  }
  HONE_RETURN_IF_ERROR(pool->AwaitStarts());
  return pool;
}

JudgePool::JudgePool(const JudgePoolOptions& options, MetricsRegistry* metrics)
    : options_(options),
      instruments_(std::make_unique<Instruments>(metrics)),
      starts_(options.num_judges) {}

Status JudgePool::AwaitStarts() {
  absl::MutexLock lock(&mutex_);
  while (std::count(starts_.begin(), starts_.end(), std::nullopt) > 0) changed_.Wait(&mutex_);
  return HealthLocked();
}

JudgePool::~JudgePool() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    changed_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

StatusOr<proto::ScoreResponse> JudgePool::Score(const proto::ScoreRequest& request,
                                                absl::Time deadline,
                                                const std::function<bool()>& is_gone) {
  const absl::Time begin = RealClock()->Now();
  HONE_ASSIGN_OR_RETURN(const std::vector<RewardSpec> terms, ParseTerms(request));
  std::vector<RewardInstruments> rewards;
  for (const RewardSpec& term : terms) rewards.push_back(instruments_->Of(term.name));
  const auto call = std::make_shared<Call>(request, std::move(rewards));
  HONE_RETURN_IF_ERROR(Enqueue(call, ItemsAtOnce(terms)));

  absl::MutexLock lock(&mutex_);
  bool gone = false;
  while (call->num_open > 0 && call->refusal.ok() && !gone) {
    const absl::Time now = RealClock()->Now();
    if (now >= deadline) break;
    RealClock()->Wait(&changed_, &mutex_, std::min(deadline, now + kLookInterval));
    gone = is_gone();
  }
  const double seconds = absl::ToDoubleSeconds(RealClock()->Now() - begin);
  instruments_->calls.Observe(seconds);
  const proto::Score late =
      Unjudged(Outcome::kTimeout, call->rewards.size(), "not judged before the deadline");
  if (call->refusal.ok() && !gone) {
    for (int i = 0; i < request.items_size(); ++i) TakeScore(call.get(), i, late);
  }
  call->over = true;
  DropWaiting(call.get());
  HONE_RETURN_IF_ERROR(call->refusal);
  if (gone) return absl::CancelledError("the caller is gone");
  return std::move(call->response);
}

Status JudgePool::Enqueue(const std::shared_ptr<Call>& call, int items_at_once) {
  const int num_items = call->request.items_size();
  const int num_pieces = kPiecesOfJudge * options_.num_judges;
  const int share = (num_items + num_pieces - 1) / num_pieces;
  const int per_piece = std::max(items_at_once, std::clamp(share, 1, kMaxPieceItems));
  std::vector<std::unique_ptr<Piece>> pieces;
  int64_t bytes = 0;
  for (int i = 0; i < num_items; ++i) {
    if (i % per_piece == 0)
      pieces.push_back(std::make_unique<Piece>(Piece{.call = call, .items = {}}));
    pieces.back()->items.push_back(i);
  }
  for (const auto& piece : pieces) bytes += piece->bytes();
  absl::MutexLock lock(&mutex_);
  HONE_RETURN_IF_ERROR(HealthLocked());
  if (waiting_items_ > 0 && (waiting_items_ + num_items > options_.max_waiting_items ||
                             waiting_bytes_ + bytes > options_.max_waiting_bytes)) {
    instruments_->refused.Add();
    return absl::UnavailableError(
        absl::StrCat(waiting_items_, " completions (", waiting_bytes_ >> 20,
                     " MB) are waiting for ", options_.num_judges, " judges, ", num_items,
                     " more are too many: ask again later; more judges or services "
                     "(resources.reward) would keep up"));
  }
  for (auto& piece : pieces) waiting_.push_back(std::move(piece));
  AddWaiting(num_items, bytes);
  changed_.SignalAll();
  return absl::OkStatus();
}

void JudgePool::AddWaiting(int64_t items, int64_t bytes) {
  waiting_items_ += items;
  waiting_bytes_ += bytes;
  instruments_->waiting.Set(static_cast<double>(waiting_items_));
}

void JudgePool::PushFront(std::unique_ptr<Piece> piece) {
  AddWaiting(std::ssize(piece->items), piece->bytes());
  waiting_.push_front(std::move(piece));
  changed_.SignalAll();
}

void JudgePool::DropWaiting(const Call* call) {
  std::erase_if(waiting_, [&](const std::unique_ptr<Piece>& piece) {
    if (piece->call.get() != call) return false;
    AddWaiting(-std::ssize(piece->items), -piece->bytes());
    return true;
  });
}

Status JudgePool::HealthLocked() const {
  std::string why;
  for (const std::optional<Status>& start : starts_) {
    if (!start) continue;
    if (start->ok()) return absl::OkStatus();
    why = std::string(start->message());
  }
  return absl::UnavailableError(absl::StrCat("no judge can be had: ", why));
}

Status JudgePool::Health() {
  absl::MutexLock lock(&mutex_);
  return HealthLocked();
}

bool JudgePool::IsClosed() {
  absl::MutexLock lock(&mutex_);
  return closed_;
}

void JudgePool::Run(int judge) {
  JudgeProcess process(options_.command);
  const auto is_closed = [this] { return IsClosed(); };
  for (;;) {
    const Status started = process.Start(is_closed);
    NoteStart(judge, started);
    if (IsClosed()) return;
    if (!started.ok()) continue;
    std::unique_ptr<Piece> piece = NextPiece();
    if (piece == nullptr) return;
    Call* const call = piece->call.get();
    size_t next = 0;
    const auto take = [&](const proto::Score& score, double seconds) {
      call->rewards[0].seconds->Observe(seconds);
      absl::MutexLock lock(&mutex_);
      TakeScore(call, piece->items[next++], score);
    };
    const auto is_over = [&] {
      absl::MutexLock lock(&mutex_);
      return closed_ || call->over;
    };
    const Status end = process.Judge(piece->Request(), take, is_over);
    Settle(std::move(piece), end);
  }
}

void JudgePool::NoteStart(int judge, const Status& status) {
  absl::MutexLock lock(&mutex_);
  starts_[judge] = status;
  instruments_->judges.Set(static_cast<double>(
      std::count(starts_.begin(), starts_.end(), std::optional(absl::OkStatus()))));
  changed_.SignalAll();
  if (status.ok() || closed_) return;
  LogWarning(absl::StrCat("judge ", judge, ": ", status.message()));
  if (const Status health = HealthLocked(); !health.ok()) {
    for (const auto& piece : waiting_) piece->call->refusal = health;
  }
  const absl::Time end = RealClock()->Now() + kRestartPause;
  while (!closed_ && RealClock()->Now() < end) RealClock()->Wait(&changed_, &mutex_, end);
}

std::unique_ptr<JudgePool::Piece> JudgePool::NextPiece() {
  absl::MutexLock lock(&mutex_);
  while (waiting_.empty() && !closed_) changed_.Wait(&mutex_);
  if (closed_) return nullptr;
  std::unique_ptr<Piece> piece = std::move(waiting_.front());
  waiting_.pop_front();
  AddWaiting(-std::ssize(piece->items), -piece->bytes());
  return piece;
}

void JudgePool::TakeScore(Call* call, int item, const proto::Score& score) {
  if (call->over || call->judged[item]) return;
  for (size_t term = 0; term < call->rewards.size(); ++term) {
    const StatusOr<Outcome> outcome = FromProto(score.outcomes(static_cast<int>(term)));
    for (size_t i = 0; i < kOutcomes.size(); ++i) {
      if (outcome.ok() && *outcome == kOutcomes[i]) call->rewards[term].judged[i]->Add();
    }
  }
  *call->response.mutable_scores(item) = score;
  call->judged[item] = true;
  if (--call->num_open == 0) changed_.SignalAll();
}

void JudgePool::Settle(std::unique_ptr<Piece> piece, const Status& end) {
  absl::MutexLock lock(&mutex_);
  Call& call = *piece->call;
  const bool died = absl::IsAborted(end);
  if (died || absl::IsCancelled(end)) instruments_->deaths.Add();
  if (died) {
    LogWarning(absl::StrCat("a judge ", end.message(), " while judging ", piece->items.size(),
                            " completions"));
  }
  if (end.ok() || call.over || closed_) return;
  if (absl::IsUnavailable(end)) {
    PushFront(std::move(piece));
  } else if (!died) {
    call.refusal = end;
    changed_.SignalAll();
  } else if (piece->killed_a_judge) {
    TakeScore(&call, piece->items[0],
              Unjudged(Outcome::kError, call.rewards.size(),
                       absl::StrCat("a judge that judged this ", end.message(), ", twice")));
  } else {
    JudgeApart(*piece);
  }
}

void JudgePool::JudgeApart(const Piece& piece) {
  for (const int item : piece.items) {
    if (piece.call->judged[item]) continue;
    PushFront(std::make_unique<Piece>(
        Piece{.call = piece.call, .items = {item}, .killed_a_judge = true}));
  }
}

}  // namespace hone
