// A small HTTP server for whoever watches a process: /metrics for Prometheus, /healthz for probes.
//
// Thread safety: constructed and destroyed by one thread.
// Invariants: a connection serves one request, and one that is silent for a second is closed:
// nobody holds up others, nor the end.
#ifndef HONE_CLUSTER_METRICS_SERVER_H_
#define HONE_CLUSTER_METRICS_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/status.h"

namespace hone {

struct MetricsServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one; else the first free one from it on, of kPortsTried
  // Called from the server's threads. /healthz answers 200 for OK, else 503 with the message.
  std::function<Status()> health = nullptr;
};

class MetricsServer {
 public:
  static constexpr int kPortsTried = 100;

  // `registry` is not owned. Unavailable when no port can be listened on, naming it.
  static StatusOr<std::unique_ptr<MetricsServer>> Start(MetricsRegistry* registry,
                                                        const MetricsServerOptions& options);
  ~MetricsServer();

  // "host:port", with the port that was taken.
  const std::string& address() const { return address_; }

 private:
  struct Parts;
  MetricsServer(std::unique_ptr<Parts> parts, std::string address);

  std::unique_ptr<Parts> parts_;
  std::string address_;
};

}  // namespace hone

#endif  // HONE_CLUSTER_METRICS_SERVER_H_
