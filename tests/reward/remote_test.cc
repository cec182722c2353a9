#include "reward/remote.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "cluster/child_process.h"
#include "config/load.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reward/http_service.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr char kRight[] = R"({"scores":[{"outcome":"correct","reward":0.5,"detail":"fine"}]})";

std::unique_ptr<Verifier> Make(const RemoteSpec& spec) {
  auto verifier = MakeRemoteVerifier(spec);
  EXPECT_TRUE(verifier.ok()) << verifier.status();
  return verifier.ok() ? *std::move(verifier) : nullptr;
}

TEST(Remote, RefusesWhatIsNoAddress) {
  const Status status = MakeRemoteVerifier({}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("the url of the reward `remote` is missing"));
}

TEST(Remote, AsksTheServiceOnlyToJudge) {
  HttpService service(kRight);
  const auto verifier = Make({.url = service.url()});
  EXPECT_TRUE(verifier->CheckAnswer("anything").ok());
  EXPECT_EQ(verifier->Vote("so <answer> 4 </answer>"), "4");
  EXPECT_THAT(verifier->Explain("", "x", ""), ElementsAre(Pair("asked", service.url())));
  EXPECT_TRUE(verifier->JudgeAll({}).empty());
  EXPECT_EQ(service.bodies().size(), 0);

  const Verdict verdict = verifier->Judge("p", "c", "a");
  EXPECT_EQ(verdict.outcome, Outcome::kCorrect);
  EXPECT_EQ(verdict.reward, 0.5);
  EXPECT_EQ(verdict.detail, "fine");
  EXPECT_THAT(service.bodies(),
              ElementsAre(R"({"items":[{"prompt":"p","completion":"c","answer":"a"}]})"));
}

TEST(Remote, AsksAgainWhereThatMayHelp) {
  std::atomic<int> num_asked = 0;
  HttpService service([&](const auto&, httplib::Response& response) {
    response.status = ++num_asked < 3 ? 503 : 200;
    response.set_content(kRight, "application/json");
  });
  EXPECT_EQ(Make({.url = service.url(), .retries = 1})->Judge("", "", "").outcome, Outcome::kError);
  EXPECT_EQ(num_asked, 2);
  num_asked = 0;
  EXPECT_EQ(Make({.url = service.url(), .retries = 3})->Judge("", "", "").outcome,
            Outcome::kCorrect);
  EXPECT_EQ(num_asked, 3);
}

TEST(Remote, DoesNotAskAgainWhereItWillNotHelp) {
  HttpService service("no");
  const Verdict verdict = Make({.url = service.url(), .retries = 3})->Judge("", "", "");
  EXPECT_EQ(verdict.outcome, Outcome::kError);
  EXPECT_THAT(verdict.detail, StartsWith(absl::StrCat("remote: ", service.url(), " answered")));
  EXPECT_EQ(service.bodies().size(), 1);
}

TEST(Remote, ItsFailuresAreTimeOutsAndErrorsOfAllItems) {
  for (const char* scheme : {"http", "grpc"}) {
    const LoopbackSocket silent(/*listening=*/true);
    const LoopbackSocket absent(/*listening=*/false);
    RemoteSpec spec = {.url = absl::StrCat(scheme, "://127.0.0.1:", silent.port()),
                       .timeout_seconds = 0.2,
                       .retries = 0};
    const std::vector<JudgeItem> items(3);
    std::vector<Verdict> verdicts = Make(spec)->JudgeAll(items);
    ASSERT_EQ(verdicts.size(), 3);
    for (const Verdict& verdict : verdicts) {
      EXPECT_EQ(verdict.outcome, Outcome::kTimeout);
      EXPECT_EQ(verdict.reward, 0);
      EXPECT_THAT(verdict.detail, HasSubstr(spec.url));
      EXPECT_THAT(verdict.detail, HasSubstr("raise timeout_seconds"));
    }
    spec.url = absl::StrCat(scheme, "://127.0.0.1:", absent.port());
    spec.timeout_seconds = 10;
    verdicts = Make(spec)->JudgeAll(items);
    ASSERT_EQ(verdicts.size(), 3);
    EXPECT_EQ(verdicts[2].outcome, Outcome::kError);
    EXPECT_THAT(verdicts[2].detail, HasSubstr("start the service"));
  }
}

TEST(Remote, ASumAsksOnceForAllItems) {
  HttpService service(
      R"({"scores":[{"outcome":"correct","reward":1},{"outcome":"error","detail":"sorry"}]})");
  const auto sum = RewardSum::Make(
      {{{"format"}, 1.0}, {{.name = "remote", .remote = {.url = service.url()}}, 0.5}});
  ASSERT_TRUE(sum.ok()) << sum.status();
  const char* good = "<think>a</think> <answer>b</answer>";
  const std::vector<Score> scores = sum->JudgeAll({{"", good, "", {}}, {"", good, "", {}}});
  ASSERT_EQ(scores.size(), 2);
  EXPECT_EQ(scores[0].outcome, Outcome::kCorrect);
  EXPECT_EQ(scores[0].reward, 1.5);
  EXPECT_EQ(scores[1].outcome, Outcome::kError);
  EXPECT_THAT(scores[1].components, ElementsAre(1, 0));
  EXPECT_EQ(service.bodies().size(), 1);
}

// The block of docs/rewards.md that begins with "```python".
std::string Example() {
  const std::string page = ReadFile(HONE_SOURCE_DIR "/docs/rewards.md").value_or("");
  const std::string mark = "```python\n";
  const size_t begin = page.find(mark) + mark.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

TEST(Remote, TheExampleOfTheDocumentationJudges) {
  const std::string example = Example();
  ASSERT_TRUE(absl::StrContains(example, "8000")) << example;
  int port = 0;
  {
    const LoopbackSocket socket(/*listening=*/false);
    port = socket.port();
  }
  const std::string code = absl::StrReplaceAll(example, {{"8000", absl::StrCat(port)}});
  const auto service = ChildProcess::Start({.argv = {"/usr/bin/python3", "-c", code}});
  ASSERT_TRUE(service.ok()) << service.status();
  // It is started like a run's: nobody waits until the service is there.
  const auto spec = ParseVerifier(absl::StrCat("{name: remote, url: 'http://127.0.0.1:", port,
                                               "/', retries: 10, timeout_seconds: 4.5}"),
                                  "--reward");
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto verifier = MakeVerifier(*spec);
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  const std::vector<JudgeItem> items = {{"1 + 1?", "It is 2", "2", {}},
                                        {"1 + 1?", "It is 3", "2", {}},
                                        {"1 + 1?", "", "2", {}},
                                        {"Qu\xc3\xa9?", "\"\\\n\xc3\xa9", "\xc3\xa9", {}}};
  std::vector<Verdict> verdicts;
  const absl::Time end = absl::Now() + absl::Seconds(60);
  do {
    verdicts = (*verifier)->JudgeAll(items);
    ASSERT_EQ(verdicts.size(), items.size());
  } while (IsVerifierFailure(verdicts[0].outcome) && absl::Now() < end);
  EXPECT_EQ(verdicts[0].outcome, Outcome::kCorrect) << verdicts[0].detail;
  EXPECT_EQ(verdicts[0].reward, 1);
  EXPECT_EQ(verdicts[1].outcome, Outcome::kIncorrect);
  EXPECT_EQ(verdicts[1].reward, 0);
  EXPECT_EQ(verdicts[2].outcome, Outcome::kIncorrect);
  EXPECT_EQ(verdicts[3].outcome, Outcome::kCorrect) << verdicts[3].detail;
}

}  // namespace
}  // namespace hone
