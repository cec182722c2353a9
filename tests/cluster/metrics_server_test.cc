#include "cluster/metrics_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

int PortOf(const std::string& address) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port)) << address;
  return port;
}

int Connect(int port) {
  const int sock = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(sock, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  return sock;
}

// All that the server answers, read until it closes.
std::string Get(const std::string& address, const std::string& path) {
  const int sock = Connect(PortOf(address));
  const std::string request = absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(write(sock, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  ssize_t got;
  while ((got = read(sock, buffer, sizeof(buffer))) > 0) answer.append(buffer, got);
  close(sock);
  return answer;
}

TEST(MetricsServer, GivesTheExposition) {
  MetricsRegistry registry;
  registry.GetCounter("hone_things_total", "Things.").Add(3);
  const auto server = MetricsServer::Start(&registry, {});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string answer = Get((*server)->address(), "/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n" + registry.Text()));
  EXPECT_THAT(Get((*server)->address(), "/metricss"), StartsWith("HTTP/1.1 404"));
}

TEST(MetricsServer, TellsProbesHowItIs) {
  MetricsRegistry registry;
  std::atomic<bool> well{true};
  MetricsServerOptions options;
  options.health = [&well]() -> Status {
    if (well) return absl::OkStatus();
    return absl::UnavailableError("no judge is alive");
  };
  const auto server = MetricsServer::Start(&registry, options);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT(Get((*server)->address(), "/healthz"), StartsWith("HTTP/1.1 200"));
  well = false;
  const std::string answer = Get((*server)->address(), "/healthz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(answer, EndsWith("no judge is alive\n"));
}

TEST(MetricsServer, TakesTheFirstFreePortAndNeverSharesOne) {
  MetricsRegistry registry;
  const auto first = MetricsServer::Start(&registry, {});
  ASSERT_TRUE(first.ok()) << first.status();
  MetricsServerOptions options;
  options.port = PortOf((*first)->address());
  const auto second = MetricsServer::Start(&registry, options);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GT(PortOf((*second)->address()), options.port);
  EXPECT_LT(PortOf((*second)->address()), options.port + MetricsServer::kPortsTried);
}

TEST(MetricsServer, AHostThatIsNotThisMachinesIsAnError) {
  MetricsRegistry registry;
  MetricsServerOptions options;
  options.host = "192.0.2.1";
  const Status status = MetricsServer::Start(&registry, options).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("192.0.2.1"));
}

TEST(MetricsServer, ASilentClientDoesNotHoldUpTheEnd) {
  MetricsRegistry registry;
  auto server = MetricsServer::Start(&registry, {});
  ASSERT_TRUE(server.ok()) << server.status();
  const int silent = Connect(PortOf((*server)->address()));
  EXPECT_THAT(Get((*server)->address(), "/healthz"), StartsWith("HTTP/1.1 200"));
  server->reset();  // ctest's time-out would tell
  close(silent);
}

}  // namespace
}  // namespace hone
