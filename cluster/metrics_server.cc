#include "cluster/metrics_server.h"

#include <sys/socket.h>

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "httplib.h"

namespace hone {
namespace {

constexpr int kThreads = 2;
constexpr int kTimeoutSeconds = 1;
constexpr size_t kMaxRequestBytes = 1 << 16;
constexpr char kExpositionType[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kPlainText[] = "text/plain; charset=utf-8";

// The library's own choice would let two processes listen on one port.
void ReuseAddress(socket_t sock) {
  const int yes = 1;
  setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

// The port that was taken; 0 for none.
int Bind(const MetricsServerOptions& options, httplib::Server* server) {
  if (options.port == 0) return std::max(0, server->bind_to_any_port(options.host));
  for (int port = options.port; port < options.port + MetricsServer::kPortsTried; ++port) {
    if (port <= 65535 && server->bind_to_port(options.host, port)) return port;
  }
  return 0;
}

}  // namespace

struct MetricsServer::Parts {
  httplib::Server server;
  std::thread thread;
};

StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(MetricsRegistry* registry,
                                                              const MetricsServerOptions& options) {
  auto parts = std::make_unique<Parts>();
  httplib::Server& server = parts->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_socket_options(ReuseAddress);
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(kTimeoutSeconds);  // also of a request's first byte
  server.set_read_timeout(kTimeoutSeconds);
  server.set_write_timeout(kTimeoutSeconds);
  server.set_payload_max_length(kMaxRequestBytes);
  server.Get("/metrics", [registry](const httplib::Request&, httplib::Response& response) {
    response.set_content(registry->Text(), kExpositionType);
  });
  server.Get("/healthz", [health = options.health](const httplib::Request&,
                                                   httplib::Response& response) {
    const Status status = health == nullptr ? absl::OkStatus() : health();
    response.status = status.ok() ? 200 : 503;
    response.set_content(status.ok() ? "ok\n" : absl::StrCat(status.message(), "\n"), kPlainText);
  });
  const int port = Bind(options, &server);
  if (port == 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", options.host, " for metrics, ",
        options.port == 0 ? std::string("at any port")
                          : absl::StrCat("at none of the ", kPortsTried, " ports from ",
                                         options.port, " on: set resources.metrics_port")));
  }
  parts->thread = std::thread([&server] { server.listen_after_bind(); });
  // Before it runs it would not hear stop(). A matter of microseconds.
  while (!server.is_running()) std::this_thread::yield();
  return std::unique_ptr<MetricsServer>(
      new MetricsServer(std::move(parts), absl::StrCat(options.host, ":", port)));
}

MetricsServer::MetricsServer(std::unique_ptr<Parts> parts, std::string address)
    : parts_(std::move(parts)), address_(std::move(address)) {}

MetricsServer::~MetricsServer() {
  parts_->server.stop();
  parts_->thread.join();
}

}  // namespace hone
