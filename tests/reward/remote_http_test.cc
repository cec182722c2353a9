#include "reward/remote_http.h"

#include <poll.h>

#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/reward/http_service.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr double kPlenty = 30;  // seconds that no test needs
constexpr double kShort = 0.2;

constexpr char kTwoScores[] =
    R"({"scores":[{"outcome":"correct","reward":0.5,"detail":"fine"},{"outcome":"timeout"}]})";

const std::vector<JudgeItem> kItems = {
    {"1 + 1?", "two", "2", {.first = std::nullopt, .completion_tokens = 3}},
    {"\"\xff\"", "\n", R"({"a": 1})", {}}};

StatusOr<std::vector<Verdict>> Ask(int port, double timeout_seconds = kPlenty) {
  return MakeRemoteHttp({.grpc = false, .host = "127.0.0.1", .port = port, .path = "/score?a=b"},
                        timeout_seconds)
      ->Ask(kItems);
}

TEST(RemoteHttp, SendsTheItemsAndReadsTheScores) {
  HttpService service([](const httplib::Request& request, httplib::Response& response) {
    const bool good = request.target == "/score?a=b" &&
                      request.get_header_value("Content-Type") == "application/json";
    response.status = good ? 200 : 404;
    response.set_content(kTwoScores, "text/plain");
  });
  const auto verdicts = Ask(service.port());
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  ASSERT_EQ(verdicts->size(), 2);
  EXPECT_EQ((*verdicts)[0].outcome, Outcome::kCorrect);
  EXPECT_EQ((*verdicts)[0].reward, 0.5);
  EXPECT_EQ((*verdicts)[0].detail, "fine");
  EXPECT_EQ((*verdicts)[1].outcome, Outcome::kTimeout);
  ASSERT_EQ(service.bodies().size(), 1);
  EXPECT_EQ(nlohmann::json::parse(service.bodies()[0]), nlohmann::json::parse(R"({"items":[
      {"prompt":"1 + 1?","completion":"two","answer":"2","completion_tokens":3},
      {"prompt":"\"\uFFFD\"","completion":"\n","answer":"{\"a\": 1}"}]})"));
}

TEST(RemoteHttp, NobodyThereIsUnavailable) {
  const LoopbackSocket taken(/*listening=*/false);
  const Status status = Ask(taken.port()).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("start the service"));
}

TEST(RemoteHttp, OnlyStatus200IsAnAnswer) {
  for (const int code : {201, 204, 301, 400, 404, 429, 500, 503}) {
    HttpService service([code](const auto&, httplib::Response& response) {
      response.status = code;
      response.set_header("Location", "/elsewhere");
      if (code != 204) response.set_content("Traceback: no luck", "text/plain");
    });
    const Status status = Ask(service.port()).status();
    EXPECT_EQ(absl::IsUnavailable(status), code == 429 || code >= 500) << status;
    EXPECT_EQ(absl::IsInvalidArgument(status), code < 429) << status;
    EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("status ", code)));
    if (code != 204) {
      EXPECT_THAT(status.message(), HasSubstr("no luck"));
    }
    EXPECT_EQ(service.bodies().size(), 1) << code;  // no redirection is followed
  }
}

TEST(RemoteHttp, WhatIsNoScoresIsAnError) {
  for (const char* answer :
       {"", "fine", "[]", "{}", R"({"scores":{}})", R"({"scores":[]})",
        R"({"scores":[{"outcome":"correct","reward":1}]})",
        R"({"scores":[{"outcome":"correct","reward":NaN},{"outcome":"correct","reward":1}]})"}) {
    HttpService service((std::string(answer)));
    EXPECT_TRUE(absl::IsInvalidArgument(Ask(service.port()).status())) << answer;
  }
}

TEST(RemoteHttp, AnAnswerWithoutEndIsCut) {
  HttpService service([](const auto&, httplib::Response& response) {
    response.set_chunked_content_provider("application/json", [](size_t, httplib::DataSink& sink) {
      static const std::string blanks(1 << 16, ' ');
      return sink.write(blanks.data(), blanks.size());
    });
  });
  const Status status = Ask(service.port()).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("more than 4194304 bytes"));
}

// Waits for the first bytes of a request, then for the client to close.
void AwaitClose(int fd) {
  char buffer[4096];
  while (read(fd, buffer, sizeof(buffer)) > 0) {
  }
}

TEST(RemoteHttp, SilenceIsADeadlineExceeded) {
  BareService service(AwaitClose);
  const Status status = Ask(service.port(), kShort).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("within 200ms; raise timeout_seconds"));
}

// Each byte comes in time, the whole never does: in the body, and in the head.
TEST(RemoteHttp, ATrickleIsADeadlineExceeded) {
  for (const char* head : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nX: "}) {
    BareService service([head](int fd) {
      std::string text = head;
      pollfd closed = {.fd = fd, .events = POLLRDHUP, .revents = 0};
      while (poll(&closed, 1, 5) == 0 && send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0) {
        text = " ";
      }
    });
    const absl::Time start = absl::Now();
    const Status status = Ask(service.port(), kShort).status();
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  }
}

TEST(RemoteHttp, AConnectionThatBreaksOffIsUnavailable) {
  for (const char* answer :
       {"", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"scores\"", "GARBAGE\r\n\r\n"}) {
    BareService service([answer](int fd) {
      char buffer[4096];
      (void)!read(fd, buffer, sizeof(buffer));
      (void)!write(fd, answer, std::string(answer).size());
    });
    const Status status = Ask(service.port()).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << answer << ": " << status;
    EXPECT_THAT(status.message(), HasSubstr("broke off"));
  }
}

TEST(RemoteHttp, AServiceThatClosesWhileItIsWrittenToDoesNotEndTheProcess) {
  signal(SIGPIPE, SIG_DFL);
  BareService service([](int) {});
  const std::string large(32 << 20, 'x');
  const std::vector<JudgeItem> items = {{"", large, "", {}}};
  const auto line = MakeRemoteHttp(
      {.grpc = false, .host = "127.0.0.1", .port = service.port(), .path = "/"}, kPlenty);
  EXPECT_TRUE(absl::IsUnavailable(line->Ask(items).status()));
}

}  // namespace
}  // namespace hone
