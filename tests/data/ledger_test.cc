#include "data/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "data/sqlite.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using testing::HasSubstr;

constexpr int kSamples = 4;

Prompt MakePrompt(uint64_t id) { return {.id = id, .problem = {}, .tokens = {1}}; }

Group MakeGroup(uint64_t prompt_id, uint64_t version, int num_samples = kSamples) {
  Group group{
      .prompt = MakePrompt(prompt_id), .policy_version = version, .completions = {}, .scores = {}};
  for (int i = 0; i < num_samples; ++i) {
    Completion completion;
    completion.sample_index = i;
    completion.tokens = {1, 2, 3};
    group.completions.push_back(completion);
    Score score;
    score.outcome = Outcome::kCorrect;
    score.reward = 1;
    group.scores.push_back(score);
  }
  return group;
}

// Issues and consumes two prompts in the step, under the version step - 1.
void DoStep(Ledger* ledger, int64_t step) {
  const uint64_t a = 2 * step, b = 2 * step + 1;
  ASSERT_TRUE(ledger->RecordIssued(step, {MakePrompt(a), MakePrompt(b)}, kSamples, step - 1).ok());
  ASSERT_TRUE(ledger->CountLease(step, 2, 1, 0).ok());
  ASSERT_TRUE(ledger->CountLease(step, 1, 0, 3).ok());
  ASSERT_TRUE(
      ledger->RecordConsumed(step, step - 1, {MakeGroup(a, step - 1), MakeGroup(b, step - 1)})
          .ok());
}

// Runs `body` in a process of its own and returns how that ended, as waitpid tells it.
template <typename Body>
int InChild(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

class LedgerTest : public testing::Test {
 protected:
  std::unique_ptr<Ledger> Open() { return Ledger::Open(path_, "run-1").value(); }

  TempFolder temp_;
  const std::string path_ = temp_.File("ledger.sqlite");
};

TEST_F(LedgerTest, CountsAndBalances) {
  const auto ledger = Open();
  EXPECT_TRUE(ledger->CheckBalance().ok());
  EXPECT_EQ(ledger->Totals().value().prompts_issued, 0);
  for (int64_t step : {1, 2, 3}) DoStep(ledger.get(), step);
  const LedgerTotals totals = ledger->Totals().value();
  EXPECT_EQ(totals.prompts_issued, 24);
  EXPECT_EQ(totals.samples_recorded, 24);
  EXPECT_EQ(totals.samples_consumed, 24);
  EXPECT_EQ(totals.duplicates_refused, 9);
  EXPECT_EQ(totals.leases_granted, 9);
  EXPECT_EQ(totals.leases_lost, 3);
  EXPECT_TRUE(ledger->CheckBalance().ok());
}

TEST_F(LedgerTest, ASampleIsRecordedOnce) {
  const auto ledger = Open();
  DoStep(ledger.get(), 1);
  // The whole call is undone, its good group too.
  const Status status = ledger->RecordConsumed(2, 0, {MakeGroup(99, 1), MakeGroup(3, 0)});
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("policy version 0, prompt 3, sample 0"));
  EXPECT_EQ(ledger->Totals().value().samples_recorded, 8);
  EXPECT_TRUE(ledger->CheckBalance().ok());
  // The same prompt under other weights is another sample.
  EXPECT_TRUE(ledger->RecordConsumed(2, 1, {MakeGroup(3, 1)}).ok());
}

TEST_F(LedgerTest, APromptIsIssuedOnce) {
  const auto ledger = Open();
  ASSERT_TRUE(ledger->RecordIssued(1, {MakePrompt(5)}, kSamples, 0).ok());
  EXPECT_TRUE(
      absl::IsAlreadyExists(ledger->RecordIssued(1, {MakePrompt(6), MakePrompt(5)}, kSamples, 0)));
  EXPECT_EQ(ledger->Totals().value().prompts_issued, kSamples);
}

TEST_F(LedgerTest, ImbalanceIsNamed) {
  const auto ledger = Open();
  DoStep(ledger.get(), 1);
  ASSERT_TRUE(ledger->RecordIssued(2, {MakePrompt(10), MakePrompt(~uint64_t{0})}, 4, 1).ok());
  ASSERT_TRUE(ledger->RecordConsumed(2, 1, {MakeGroup(10, 1, 3)}).ok());
  Status status = ledger->CheckBalance();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(),
              HasSubstr("policy version 1, prompt 10: 4 samples issued, 3 consumed"));
  EXPECT_THAT(status.message(), HasSubstr("prompt 18446744073709551615: 4 samples issued, 0"));
  EXPECT_THAT(status.message(), HasSubstr(path_));

  ASSERT_TRUE(ledger->RollBack(1).ok());
  ASSERT_TRUE(ledger->CheckBalance().ok());
  ASSERT_TRUE(ledger->RecordConsumed(2, 1, {MakeGroup(77, 1)}).ok());
  EXPECT_THAT(ledger->CheckBalance().message(),
              HasSubstr("prompt 77: 4 samples recorded that were never issued"));

  ASSERT_TRUE(ledger->RollBack(1).ok());
  ASSERT_TRUE(ledger->RecordIssued(2, {MakePrompt(10)}, 4, 1).ok());
  ASSERT_TRUE(ledger->RecordConsumed(2, 1, {MakeGroup(10, 1, 5)}).ok());  // one too many
  EXPECT_THAT(ledger->CheckBalance().message(), HasSubstr("prompt 10: 1 samples recorded"));
}

TEST_F(LedgerTest, ManyImbalancesAreCounted) {
  const auto ledger = Open();
  std::vector<Prompt> prompts;
  for (uint64_t id = 0; id < 30; ++id) prompts.push_back(MakePrompt(id));
  ASSERT_TRUE(ledger->RecordIssued(1, prompts, kSamples, 0).ok());
  EXPECT_THAT(ledger->CheckBalance().message(), HasSubstr("and 25 more"));
}

TEST_F(LedgerTest, RollBackForgetsLaterStepsOnly) {
  const auto ledger = Open();
  for (int64_t step : {1, 2, 3, 4}) DoStep(ledger.get(), step);
  ASSERT_TRUE(ledger->RollBack(2).ok());
  LedgerTotals totals = ledger->Totals().value();
  EXPECT_EQ(totals.prompts_issued, 16);
  EXPECT_EQ(totals.samples_recorded, 16);
  EXPECT_EQ(totals.leases_granted, 6);
  for (int64_t step : {3, 4}) DoStep(ledger.get(), step);  // again, under the same names
  EXPECT_EQ(ledger->Totals().value().samples_consumed, 32);
  EXPECT_TRUE(ledger->CheckBalance().ok());
  ASSERT_TRUE(ledger->RollBack(0).ok());
  EXPECT_EQ(ledger->Totals().value().prompts_issued, 0);
}

TEST_F(LedgerTest, AGroupHasAScoreForEachCompletion) {
  Group group = MakeGroup(1, 0);
  group.scores.pop_back();
  EXPECT_TRUE(absl::IsInvalidArgument(Open()->RecordConsumed(1, 0, {group})));
}

TEST_F(LedgerTest, ReopensWhatAKilledProcessWrote) {
  const int status = InChild([&] {
    const auto ledger = Open();
    for (int64_t step : {1, 2, 3}) DoStep(ledger.get(), step);
    kill(getpid(), SIGKILL);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto ledger = Open();
  EXPECT_EQ(ledger->Totals().value().samples_consumed, 24);
  EXPECT_TRUE(ledger->CheckBalance().ok());
  DoStep(ledger.get(), 4);
  EXPECT_TRUE(ledger->CheckBalance().ok());
}

// Killed at a moment that the writer does not choose: every step is there as a whole or not at all.
TEST_F(LedgerTest, IsWholeAfterAKillAtAnyMoment) {
  for (int round = 0; round < 5; ++round) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      const auto ledger = Open();
      int64_t step = ledger->Totals().value().prompts_issued / (2 * kSamples);
      while (true) {
        DoStep(ledger.get(), ++step);
        if (write(ready[1], "x", 1) != 1) _exit(1);
      }
    }
    close(ready[1]);
    char byte;
    for (int i = 0; i < 3 + round; ++i) ASSERT_EQ(read(ready[0], &byte, 1), 1);
    kill(child, SIGKILL);
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    close(ready[0]);
    const auto ledger = Open();
    const LedgerTotals totals = ledger->Totals().value();
    EXPECT_EQ(totals.samples_recorded % (2 * kSamples), 0);
    EXPECT_GE(totals.samples_recorded, (3 + round) * 2 * kSamples);
    // At most the last step was issued and not consumed.
    const int64_t steps = totals.samples_recorded / (2 * kSamples);
    EXPECT_LE(totals.prompts_issued - totals.samples_recorded, 2 * kSamples);
    ASSERT_TRUE(ledger->RollBack(steps).ok());
    EXPECT_TRUE(ledger->CheckBalance().ok());
  }
}

TEST_F(LedgerTest, TwoProcessesMayLookAtOnce) {
  const auto writer = Open();
  DoStep(writer.get(), 1);
  const auto reader = Open();
  EXPECT_EQ(reader->Totals().value().samples_consumed, 8);
  DoStep(writer.get(), 2);
  EXPECT_EQ(reader->Totals().value().samples_consumed, 16);
}

TEST_F(LedgerTest, AnotherRunIsRefused) {
  DoStep(Open().get(), 1);
  const Status status = Ledger::Open(path_, "run-2").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("is the ledger of the run run-1, not of run-2"));
}

TEST_F(LedgerTest, WhatIsNotALedgerIsRefused) {
  ASSERT_TRUE(WriteFileAtomically(path_, std::string(5000, 'x')).ok());
  Status status = Ledger::Open(path_, "run-1").status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(path_));
  EXPECT_EQ(ReadFile(path_).value(), std::string(5000, 'x'));  // left alone

  const std::string other = temp_.File("other.sqlite");
  ASSERT_TRUE(SqliteDatabase::Open(other).value()->Execute("CREATE TABLE songs (name TEXT)").ok());
  status = Ledger::Open(other, "run-1").status();
  EXPECT_THAT(status.message(), HasSubstr("something else, not a ledger"));
}

TEST_F(LedgerTest, AnotherFormatIsRefused) {
  Open();
  ASSERT_TRUE(SqliteDatabase::Open(path_)
                  .value()
                  ->Execute("UPDATE meta SET value = 'hone-ledger-9' WHERE key = 'format'")
                  .ok());
  EXPECT_THAT(Ledger::Open(path_, "run-1").status().message(), HasSubstr("hone-ledger-9"));
}

TEST_F(LedgerTest, AnEmptyFileBecomesALedger) {
  ASSERT_TRUE(WriteFileAtomically(path_, "").ok());
  DoStep(Open().get(), 1);
}

TEST_F(LedgerTest, MissingFolderIsNamed) {
  const Status status = Ledger::Open("/no/such/folder/ledger.sqlite", "run-1").status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_THAT(status.message(), HasSubstr("/no/such/folder"));
}

TEST_F(LedgerTest, AReadOnlyFileIsNamed) {
  DoStep(Open().get(), 1);
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  ASSERT_EQ(chmod(temp_.path().c_str(), 0555), 0);
  const int status = InChild([&] {
    constexpr uid_t kNobody = 65534;  // root may write everywhere
    if (geteuid() == 0) {
      ASSERT_EQ(seteuid(kNobody), 0);
    }
    const Status opened = Ledger::Open(path_, "run-1").status();
    EXPECT_TRUE(absl::IsPermissionDenied(opened)) << opened;
    EXPECT_THAT(opened.message(), HasSubstr(path_));
    EXPECT_THAT(opened.message(), HasSubstr("must be writable"));
  });
  EXPECT_EQ(status, 0);
  ASSERT_EQ(chmod(temp_.path().c_str(), 0755), 0);
}

// The system refuses to let the files grow, as a quota or a failing disk does.
TEST_F(LedgerTest, AFailedWriteIsAnErrorAndUndone) {
  const int status = InChild([&] {
    const auto ledger = Open();
    DoStep(ledger.get(), 1);
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 100'000, .rlim_max = 100'000};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    std::vector<Prompt> prompts;
    for (uint64_t id = 100; id < 20'000; ++id) prompts.push_back(MakePrompt(id));
    const Status issued = ledger->RecordIssued(2, prompts, kSamples, 1);
    EXPECT_FALSE(issued.ok());
    EXPECT_THAT(issued.message(), HasSubstr(path_));
    EXPECT_TRUE(ledger->CheckBalance().ok());
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Open()->Totals().value().samples_consumed, 8);
  EXPECT_TRUE(Open()->CheckBalance().ok());
}

}  // namespace
}  // namespace hone
