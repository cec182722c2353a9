#include "trainer/learner_group.h"

#include <utility>

#include "absl/time/time.h"
#include "base/clock.h"
#include "trainer/background_save.h"
#include "trainer/learner/throw_if_error.h"

namespace hone {
namespace {

using Kind = LearnerCommand::Kind;

constexpr absl::Duration kLook = absl::Milliseconds(100);

LearnerCommand Command(Kind kind) {
  LearnerCommand command;
  command.kind = kind;
  return command;
}

LearnerCommand OverSequences(Kind kind, std::vector<TrainSequence> sequences, float temperature) {
  LearnerCommand command = Command(kind);
  command.batch.sequences = std::move(sequences);
  command.temperature = temperature;
  return command;
}

}  // namespace

LearnerGroup::LearnerGroup(LearnerRank* own, Collectives* all, double still_here_seconds,
                           const std::atomic<bool>& rank_lost,
                           std::function<void(const Status&)> lost)
    : own_(own), all_(all), rank_lost_(rank_lost), lost_(std::move(lost)) {
  if (all_->world().size == 1) return;
  still_here_ = std::thread([this, still_here_seconds] { SayStillHere(still_here_seconds); });
}

LearnerGroup::~LearnerGroup() {
  {
    const absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  if (still_here_.joinable()) still_here_.join();
}

void LearnerGroup::SayStillHere(double seconds) {
  const absl::MutexLock lock(&mutex_);
  absl::Time next = RealClock()->Now() + absl::Seconds(seconds);
  while (!mutex_.AwaitWithTimeout(absl::Condition(&ended_), kLook)) {
    if (RealClock()->Now() < next && !rank_lost_) continue;
    std::string bytes = Encode(Command(Kind::kStillHere));
    const Status status = BroadcastText(all_, "still here", 0, &bytes);
    if (!status.ok()) return lost_(status);
    next = RealClock()->Now() + absl::Seconds(seconds);
  }
}

LearnerRank::Result LearnerGroup::Do(const LearnerCommand& command) {
  const absl::MutexLock lock(&mutex_);
  if (all_->world().size > 1) {
    std::string bytes = Encode(command);
    ThrowIfError(BroadcastText(all_, "next command", 0, &bytes));
  }
  return own_->Execute(command);
}

std::vector<SequenceTerms> LearnerGroup::PolicyGradient(int stage, TrainBatch batch,
                                                        float temperature) {
  LearnerCommand command = Command(Kind::kPolicyGradient);
  command.stage = stage;
  command.batch = std::move(batch);
  command.temperature = temperature;
  return Do(command).sequences;
}

std::vector<SequenceTerms> LearnerGroup::SupervisedGradient(std::vector<TrainSequence> sequences) {
  return Do(OverSequences(Kind::kSupervisedGradient, std::move(sequences), 1.0f)).sequences;
}

double LearnerGroup::Update(int stage, double lr) {
  LearnerCommand command = Command(Kind::kUpdate);
  command.stage = stage;
  command.lr = lr;
  return Do(command).grad_norm;
}

void LearnerGroup::ResetOptimizer() { Do(Command(Kind::kResetOptimizer)); }

std::vector<TokenLogProbs> LearnerGroup::LogProbs(const std::vector<TrainSequence>& sequences,
                                                  float temperature) {
  return Do(OverSequences(Kind::kLogProbs, sequences, temperature)).logprobs;
}

std::vector<TokenLogProbs> LearnerGroup::ReferenceLogProbs(
    const std::vector<TrainSequence>& sequences, float temperature) {
  return Do(OverSequences(Kind::kReferenceLogProbs, sequences, temperature)).logprobs;
}

void LearnerGroup::StartReference() { Do(Command(Kind::kStartReference)); }
void LearnerGroup::ReplaceReference() { Do(Command(Kind::kReplaceReference)); }
void LearnerGroup::DropReference() { Do(Command(Kind::kDropReference)); }

std::vector<WeightsSource> LearnerGroup::Publish(uint64_t version) {
  LearnerCommand command = Command(Kind::kPublish);
  command.version = version;
  return Do(command).sources;
}

std::function<Status()> LearnerGroup::Save(const std::string& folder) {
  LearnerCommand command = Command(Kind::kSave);
  command.checkpoint = folder;
  return Do(command).write_shard;
}

Status LearnerGroup::End() {
  {
    const absl::MutexLock lock(&mutex_);
    ended_ = true;
    if (all_->world().size == 1) return absl::OkStatus();
  }
  still_here_.join();
  std::string bytes = Encode(Command(Kind::kEnd));
  return BroadcastText(all_, "end", 0, &bytes);
}

Status FollowRankZero(LearnerRank* own, Collectives* all) {
  BackgroundSave save;
  while (true) {
    std::string bytes;
    HONE_RETURN_IF_ERROR(BroadcastText(all, "next command", 0, &bytes));
    HONE_ASSIGN_OR_RETURN(const LearnerCommand command, DecodeLearnerCommand(bytes));
    if (command.kind == Kind::kEnd) return save.Finish();
    // One copy of the shard at a time.
    if (command.kind == Kind::kSave) HONE_RETURN_IF_ERROR(save.Finish());
    LearnerRank::Result result = own->Execute(command);
    // Rank 0 waits for the shard: it must not wait for one that will not come.
    HONE_RETURN_IF_ERROR(save.Poll());
    if (result.write_shard) HONE_RETURN_IF_ERROR(save.Start(std::move(result.write_shard)));
  }
}

}  // namespace hone
