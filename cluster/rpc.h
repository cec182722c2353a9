// What all RPC servers and clients of Hone share: limits, keepalive, and errors as Status.
#ifndef HONE_CLUSTER_RPC_H_
#define HONE_CLUSTER_RPC_H_

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "grpcpp/grpcpp.h"

namespace hone {

// The largest message either side takes; weights go in chunks far below it.
inline constexpr int kMaxMessageBytes = 64 << 20;

Status FromGrpc(const grpc::Status& status);
grpc::Status ToGrpc(const Status& status);

// A server that is shut down when it is destroyed.
struct RpcServer {
  std::unique_ptr<grpc::Server> server;
  std::string address;  // "host:port" with the port that was taken
};

// Serves `services` (not owned) and the standard health service. InvalidArgument for an address
// that is not "host:port"; Unavailable when it cannot be listened on.
StatusOr<RpcServer> StartRpcServer(const std::string& listen_address,
                                   const std::vector<grpc::Service*>& services);

// How others reach a server that listens on this address, "host:port": at `advertised_host` if
// there is one; else at the same host, or where that stands for all of this machine's addresses, by
// the machine's name.
std::string AdvertisedAddress(const std::string& address, const std::string& advertised_host);

// Connects lazily; calls fail with UNAVAILABLE while nobody listens there.
std::shared_ptr<grpc::Channel> MakeRpcChannel(const std::string& address);

// The same for streams of large messages: a connection of its own for each channel, with frames,
// buffers and a window that keep gRPC near the rate of bare TCP.
std::shared_ptr<grpc::Channel> MakeBulkChannel(const std::string& address);

void SetDeadline(grpc::ClientContext* context, double seconds);

}  // namespace hone

#endif  // HONE_CLUSTER_RPC_H_
