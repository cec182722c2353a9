#include "reward/judge_pool.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/wire.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reward/verifier.h"
#include "tests/reward/sandbox/leftovers.h"
#include "tests/reward/sandbox/machine.h"

namespace hone {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::string_view kRecord = R"({"numbers":[3,5,8],"target":23})";
constexpr absl::string_view kRight = "<answer>3*5+8</answer>";

proto::ScoreRequest Request(const std::vector<std::string>& completions) {
  proto::ScoreRequest request;
  request.add_terms()->set_verifier("countdown");
  request.mutable_terms(0)->set_weight(2);
  for (const std::string& completion : completions) {
    proto::ScoreItem* item = request.add_items();
    item->set_completion(completion);
    item->set_answer(std::string(kRecord));
  }
  return request;
}

std::vector<std::string> Repeat(int times, const std::string& text) {
  return std::vector<std::string>(times, text);
}

class JudgePoolTest : public ::testing::Test {
 protected:
  JudgePoolTest() {
    options_.command = {HONE_TEST_JUDGE};
    options_.num_judges = 2;
  }

  void Start() {
    auto pool = JudgePool::Start(options_, &metrics_);
    ASSERT_TRUE(pool.ok()) << pool.status();
    pool_ = *std::move(pool);
  }
  StatusOr<proto::ScoreResponse> Score(const std::vector<std::string>& completions,
                                       double seconds = 60) {
    return pool_->Score(Request(completions), RealClock()->Now() + absl::Seconds(seconds),
                        [] { return false; });
  }
  // The outcomes of an answer that must be one.
  static std::vector<proto::Outcome> Outcomes(const StatusOr<proto::ScoreResponse>& response) {
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<proto::Outcome> outcomes;
    if (!response.ok()) return outcomes;
    for (const proto::Score& score : response->scores()) outcomes.push_back(score.outcome());
    return outcomes;
  }
  double Judged(const std::string& outcome) {
    return metrics_
        .GetCounter("hone_reward_judgements_total", "",
                    {{"reward", "countdown"}, {"outcome", outcome}})
        .value();
  }
  double Deaths() { return metrics_.GetCounter("hone_reward_judge_deaths_total", "").value(); }

  JudgePoolOptions options_;
  MetricsRegistry metrics_;
  std::unique_ptr<JudgePool> pool_;
};

TEST_F(JudgePoolTest, ScoresAreInOrderHoweverARequestIsCut) {
  Start();
  for (const int num_items : {0, 1, 2, 7, 8, 9, 300}) {
    std::vector<std::string> completions;
    for (int i = 0; i < num_items; ++i) {
      completions.push_back(i % 3 == 0   ? std::string(kRight)
                            : i % 3 == 1 ? "<answer>3</answer>"
                                         : "none");
    }
    const auto response = Score(completions);
    ASSERT_TRUE(response.ok()) << response.status();
    ASSERT_EQ(response->scores_size(), num_items);
    for (int i = 0; i < num_items; ++i) {
      const proto::Score& score = response->scores(i);
      const proto::Outcome wanted = i % 3 == 0   ? proto::OUTCOME_CORRECT
                                    : i % 3 == 1 ? proto::OUTCOME_INCORRECT
                                                 : proto::OUTCOME_UNPARSEABLE;
      EXPECT_EQ(score.outcome(), wanted) << i << " of " << num_items;
      EXPECT_EQ(score.reward(), i % 3 == 0 ? 2 : 0);
      EXPECT_THAT(score.components(), ElementsAre(i % 3 == 0 ? 1 : 0));
      EXPECT_THAT(score.outcomes(), ElementsAre(wanted));
    }
  }
  const std::string metrics = metrics_.Text();
  for (const absl::string_view line :
       {"hone_reward_judgements_total{reward=\"countdown\",outcome=\"correct\"} 111\n",
        "hone_reward_judgements_total{reward=\"countdown\",outcome=\"incorrect\"} 109\n",
        "hone_reward_judgements_total{reward=\"countdown\",outcome=\"timeout\"} 0\n",
        "hone_reward_judge_seconds_count{reward=\"countdown\"} 327\n",
        "hone_reward_call_seconds_count 7\n", "hone_reward_judges 2\n"}) {
    EXPECT_THAT(metrics, HasSubstr(line));
  }
  EXPECT_EQ(metrics_.GetGauge("hone_reward_waiting_completions", "").value(), 0);
  EXPECT_EQ(Deaths(), 0);
}

TEST_F(JudgePoolTest, WhatKillsAJudgeTwiceIsAnErrorAndNothingElseIs) {
  for (const std::string poison : {"crash", "exit"}) {
    Start();
    const double before = Deaths();
    std::vector<std::string> completions = Repeat(64, std::string(kRight));
    completions[5] = completions[40] = completions[41] = poison;
    const auto response = Score(completions);
    const std::vector<proto::Outcome> outcomes = Outcomes(response);
    ASSERT_EQ(outcomes.size(), 64u);
    for (int i = 0; i < 64; ++i) {
      EXPECT_EQ(outcomes[i],
                completions[i] == poison ? proto::OUTCOME_ERROR : proto::OUTCOME_CORRECT)
          << i;
    }
    EXPECT_THAT(response->scores(5).detail(),
                HasSubstr(poison == "crash" ? "signal 11" : "exited with 0"));
    EXPECT_THAT(response->scores(5).components(), ElementsAre(0));
    EXPECT_EQ(Deaths() - before, 5);  // once in each of two pieces, then each poison by itself
    EXPECT_THAT(Outcomes(Score(Repeat(16, std::string(kRight)))), Each(proto::OUTCOME_CORRECT));
    EXPECT_TRUE(pool_->Health().ok());
    pool_.reset();
  }
}

TEST_F(JudgePoolTest, MemoryIsLimited) {
#ifdef HONE_SANITIZE
  GTEST_SKIP() << "a sanitizer's own memory is more than any limit";
#endif
  Start();
  EXPECT_THAT(Outcomes(Score({std::string(kRight), "allocate", std::string(kRight)})),
              ElementsAre(proto::OUTCOME_CORRECT, proto::OUTCOME_ERROR, proto::OUTCOME_CORRECT));
}

TEST_F(JudgePoolTest, ADeadlineIsKeptAndWhatWasJudgedTillThenCounts) {
  Start();
  // Pieces of three: the one that hangs stands behind others, of which the judge has not told yet.
  std::vector<std::string> completions = Repeat(24, std::string(kRight));
  completions[5] = "hang";
  const auto response = Score(completions, 1);
  const std::vector<proto::Outcome> outcomes = Outcomes(response);
  ASSERT_EQ(outcomes.size(), 24u);
  for (int i = 0; i < 24; ++i) {
    EXPECT_EQ(outcomes[i], i == 5 ? proto::OUTCOME_TIMEOUT : proto::OUTCOME_CORRECT) << i;
  }
  EXPECT_EQ(Judged("timeout"), 1);
  // The judge that hung was replaced.
  EXPECT_THAT(Outcomes(Score(Repeat(64, std::string(kRight)))), Each(proto::OUTCOME_CORRECT));
}

TEST_F(JudgePoolTest, RefusesWhatMakesNoSense) {
  Start();
  const auto never = [] { return false; };
  const absl::Time deadline = RealClock()->Now() + absl::Seconds(60);
  EXPECT_TRUE(absl::IsInvalidArgument(pool_->Score({}, deadline, never).status()));
  proto::ScoreRequest request = Request({"x"});
  request.mutable_terms(0)->set_verifier("contdown");
  const Status status = pool_->Score(request, deadline, never).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("`countdown`"));
}

TEST_F(JudgePoolTest, TurnsCallsAwayWhenTooMuchWaitsAndTakesThemLater) {
  options_.num_judges = 1;
  options_.max_waiting_items = 8;
  Start();
  std::atomic<bool> gone{false};
  std::thread busy([&] {
    // More than the limit, but the queue was empty.
    const auto response =
        pool_->Score(Request(Repeat(64, "hang")), RealClock()->Now() + absl::Seconds(60),
                     [&] { return gone.load(); });
    EXPECT_TRUE(absl::IsCancelled(response.status())) << response.status();
  });
  Gauge& waiting = metrics_.GetGauge("hone_reward_waiting_completions", "");
  while (waiting.value() < 9) std::this_thread::yield();
  const Status status = Score({"x"}).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("waiting"));
  EXPECT_EQ(metrics_.GetCounter("hone_reward_refused_calls_total", "").value(), 1);
  gone = true;
  busy.join();
  EXPECT_EQ(waiting.value(), 0);
  // Taken again, by a judge in place of the one that hung for nobody.
  EXPECT_THAT(Outcomes(Score({"x"})), ElementsAre(proto::OUTCOME_UNPARSEABLE));
}

TEST_F(JudgePoolTest, AllJudgesWork) {
  options_.num_judges = 3;
  Start();
  const auto response = Score(Repeat(24, "who"));
  ASSERT_TRUE(response.ok()) << response.status();
  std::set<std::string> judges;
  for (const proto::Score& score : response->scores()) judges.insert(score.detail());
  EXPECT_EQ(judges.size(), 3u);
  EXPECT_FALSE(judges.contains(absl::StrCat(getpid())));
}

TEST_F(JudgePoolTest, JudgesAsInOneProcess) {
  Start();
  const std::vector<RewardSpec> terms = {{{"math"}, 1.0}, {{"format"}, 0.5}, {{"repetition"}, 0.1}};
  const StatusOr<RewardSum> here = RewardSum::Make(terms);
  ASSERT_TRUE(here.ok()) << here.status();
  proto::ScoreRequest request;
  for (const RewardSpec& term : terms) *request.add_terms() = ToProto(term);
  for (int i = 0; i < 50; ++i) {
    const std::string answer = i % 4 == 0 ? "\\boxed{1/" + absl::StrCat(i % 7) + "}" : "none";
    *request.add_items() =
        ToProto(Problem{.prompt = "1 by 4?", .answer = "0.25"},
                absl::StrCat("<think>so so</think><answer>", answer, "</answer>"), -1);
  }
  const auto response =
      pool_->Score(request, RealClock()->Now() + absl::Seconds(60), [] { return false; });
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->scores_size(), 50);
  for (int i = 0; i < 50; ++i) {
    const proto::ScoreItem& item = request.items(i);
    proto::Score there = response->scores(i);
    there.clear_outcomes();
    EXPECT_EQ(
        there.SerializeAsString(),
        ToProto(here->Judge(item.prompt(), item.completion(), item.answer())).SerializeAsString())
        << there.detail();
  }
}

TEST_F(JudgePoolTest, WhatAJudgeWasAtWhenItWasKilledIsJudgedAgain) {
  Start();
  const std::string path = absl::StrCat(::testing::TempDir(), "/hone_judge_pool_", getpid());
  std::filesystem::remove(path);
  std::vector<std::string> completions = Repeat(32, std::string(kRight));
  completions[9] = absl::StrCat("hang-once ", path, " ", kRight);
  std::thread killer([&] {
    while (!std::filesystem::exists(path)) sched_yield();
    pid_t judge = 0;
    std::ifstream(path) >> judge;
    EXPECT_EQ(kill(judge, SIGKILL), 0);
  });
  EXPECT_THAT(Outcomes(Score(completions)), Each(proto::OUTCOME_CORRECT));
  killer.join();
  EXPECT_EQ(Deaths(), 1);
  EXPECT_EQ(Judged("correct"), 32);
  std::filesystem::remove(path);
}

TEST_F(JudgePoolTest, AJudgeThatEndsWhileItWaitsIsReplacedAndNothingIsBlamed) {
  options_.num_judges = 1;
  Start();
  for (int i = 0; i < 3; ++i) {
    const auto response = Score({"who"});
    ASSERT_THAT(Outcomes(response), ElementsAre(proto::OUTCOME_CORRECT));
    pid_t judge = 0;
    ASSERT_TRUE(absl::SimpleAtoi(response->scores(0).detail(), &judge));
    ASSERT_EQ(kill(judge, SIGKILL), 0);
    // A zombie, since nobody looks for it before the next piece.
    siginfo_t info;
    ASSERT_EQ(waitid(P_PID, judge, &info, WEXITED | WNOWAIT), 0);
  }
  EXPECT_EQ(Deaths(), 0);
}

TEST_F(JudgePoolTest, SaysWhyNoJudgeCanBeHad) {
  options_.command = {HONE_TEST_JUDGE, "start-fails"};
  const Status status = JudgePool::Start(options_, &metrics_).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("exited with 3 as it started"));
  EXPECT_EQ(metrics_.GetGauge("hone_reward_judges", "").value(), 0);
}

// Programs in Python, each with its one test.
proto::ScoreRequest Programs(const std::vector<std::string>& programs) {
  RewardSpec python = {{"python"}, 1.0};
  proto::ScoreRequest request;
  *request.add_terms() = ToProto(python);
  for (const std::string& program : programs) {
    *request.add_items() =
        ToProto(Problem{.prompt = "", .answer = R"([{"input": "3", "output": "6"}])"},
                absl::StrCat("```python\n", program, "\n```"), -1);
  }
  return request;
}

constexpr absl::string_view kTwice = "print(2 * int(input()))";

TEST_F(JudgePoolTest, ProgramsHaveTheirOwnLimits) {
  HONE_NEEDS_SANDBOX();
  Start();
  // More than the judge may have, less than a program may.
  const std::string large = absl::StrCat("b = b'x' * (500 << 20)\n", kTwice);
  const std::string too_large = absl::StrCat("b = b'x' * (1500 << 20)\n", kTwice);
  EXPECT_THAT(Outcomes(pool_->Score(Programs({std::string(kTwice), large, too_large, "print(5)"}),
                                    RealClock()->Now() + absl::Seconds(100), [] { return false; })),
              ElementsAre(proto::OUTCOME_CORRECT, proto::OUTCOME_CORRECT, proto::OUTCOME_INCORRECT,
                          proto::OUTCOME_INCORRECT));
  EXPECT_EQ(Deaths(), 0);
}

TEST_F(JudgePoolTest, LeavesNothingBehind) {
  HONE_NEEDS_SANDBOX();
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // orphans become children of this process
  const int files = NumOpenFiles();
  Start();
  EXPECT_THAT(Outcomes(Score(Repeat(16, "crash"))), Each(proto::OUTCOME_ERROR));
  // Both judges are in the midst of programs when the call's time is up, and again at the end.
  const auto loop = Programs(Repeat(8, "while True: pass"));
  EXPECT_THAT(
      Outcomes(pool_->Score(loop, RealClock()->Now() + absl::Seconds(1), [] { return false; })),
      Each(proto::OUTCOME_TIMEOUT));
  EXPECT_THAT(
      Outcomes(pool_->Score(loop, RealClock()->Now() + absl::Seconds(1), [] { return false; })),
      Each(proto::OUTCOME_TIMEOUT));
  EXPECT_GT(NumDescendants(), 0);
  pool_.reset();
  // A sandbox ends by itself when its judge has; that takes a moment.
  while (NumDescendants() > 0) waitpid(-1, nullptr, WNOHANG);
  EXPECT_EQ(NumOpenFiles(), files);
}

}  // namespace
}  // namespace hone
