#include "cluster/rpc.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hone {
namespace {

constexpr int kKeepaliveMs = 10'000;         // silence after which the peer is pinged
constexpr int kKeepaliveTimeoutMs = 10'000;  // for the answer; then the connection is dropped
// Of bulk channels. Measured with `hone bench sync`.
constexpr int kBulkFrameBytes = 2 << 20;
constexpr int kBulkReadBytes = 1 << 20;     // one read from the socket, at least
constexpr int kBulkMaxReadBytes = 4 << 20;  // and at most
constexpr int kBulkWindowBytes = 16 << 20;  // on their way; enough for 100 Gb/s over 1 ms

grpc::ChannelArguments ChannelArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Roles restart in seconds; the default back-off of up to two minutes would miss them.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // In spite of its name the time that an attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // Roles talk directly: a proxy from the environment must not get between them.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return arguments;
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address,
                                       const grpc::ChannelArguments& arguments) {
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Status FromGrpc(const grpc::Status& status) {
  return Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

StatusOr<RpcServer> StartRpcServer(const std::string& listen_address,
                                   const std::vector<grpc::Service*>& services) {
  const size_t colon = listen_address.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(absl::string_view(listen_address).substr(colon + 1), &port) ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", listen_address, "\" is not an address to listen on: want host:port, port 0 for any"));
  }
  // Global to the process; to be set before the first server is built.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int taken_port = 0;
  builder.AddListeningPort(listen_address, grpc::InsecureServerCredentials(), &taken_port);
  // Otherwise a second server on the same port would start and steal half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kKeepaliveMs / 2);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  for (grpc::Service* service : services) builder.RegisterService(service);
  RpcServer result;
  result.server = builder.BuildAndStart();
  if (result.server == nullptr || taken_port == 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", listen_address,
        ": the port is in use or the host is not this machine's; choose another, or port 0"));
  }
  result.address = absl::StrCat(listen_address.substr(0, colon), ":", taken_port);
  return result;
}

std::string AdvertisedAddress(const std::string& address, const std::string& advertised_host) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host == "0.0.0.0" || host == "[::]") {
    char name[256] = {};
    if (gethostname(name, sizeof(name) - 1) == 0) host = name;
  }
  if (!advertised_host.empty()) host = advertised_host;
  return absl::StrCat(host, address.substr(colon));
}

std::shared_ptr<grpc::Channel> MakeRpcChannel(const std::string& address) {
  return Connect(address, ChannelArguments());
}

std::shared_ptr<grpc::Channel> MakeBulkChannel(const std::string& address) {
  grpc::ChannelArguments arguments = ChannelArguments();
  // Channels with the same arguments would otherwise share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kBulkFrameBytes);
  arguments.SetInt(GRPC_ARG_TCP_READ_CHUNK_SIZE, kBulkReadBytes);
  arguments.SetInt(GRPC_ARG_TCP_MIN_READ_CHUNK_SIZE, kBulkReadBytes);
  arguments.SetInt(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, kBulkMaxReadBytes);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kBulkWindowBytes);
  // It would find the window by itself, but starts from 64 KiB for each new connection.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return Connect(address, arguments);
}

void SetDeadline(grpc::ClientContext* context, double seconds) {
  context->set_deadline(std::chrono::system_clock::now() +
                        std::chrono::microseconds(static_cast<int64_t>(seconds * 1e6)));
}

}  // namespace hone
