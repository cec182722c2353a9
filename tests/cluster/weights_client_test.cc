// Fetching from ranks that are processes of their own, and from servers that do it wrong.
#include "cluster/weights_client.h"

#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cluster/rpc.h"
#include "cluster/weights_publisher.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/hone.grpc.pb.h"
#include "tests/cluster/source_process.h"
#include "tests/cluster/trip_wire.h"

namespace hone {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kFloats = 6 << 20;  // 24 MiB: two streams and many chunks
constexpr int64_t kBytes = kFloats * 4;

constexpr int64_t kMinStream = 8 << 20;

WeightsFetchOptions Elsewhere() { return {.host = "elsewhere", .min_stream_bytes = kMinStream}; }

struct Fetched {
  StatusOr<WeightsFetchReport> report;
  std::vector<float> flat;
};

Fetched Fetch(const std::vector<WeightsSource>& sources, const WeightsFetchOptions& options,
              int64_t num_floats = kFloats, const std::atomic<bool>& stop = false) {
  Fetched fetched{WeightsFetchReport(), std::vector<float>(num_floats, -1)};
  fetched.report = FetchWeights(sources, absl::MakeSpan(fetched.flat), options, stop);
  return fetched;
}

// The first float that is not the version's, or -1.
int64_t FirstWrong(const std::vector<float>& flat, uint64_t version) {
  for (size_t i = 0; i < flat.size(); ++i) {
    if (flat[i] != ProbeValue(static_cast<int64_t>(i), version)) return static_cast<int64_t>(i);
  }
  return -1;
}

TEST(WeightsClient, ReadsEachSourceInTheWayThatItCan) {
  constexpr int64_t kCut = kFloats / 3 + 1;
  const SourceProcess first(4, 0, kCut), second(4, kCut, kFloats - kCut);
  const std::vector<WeightsSource> sources = {second.source(), first.source()};
  Fetched fetched = Fetch(sources, {});
  ASSERT_TRUE(fetched.report.ok()) << fetched.report.status();
  EXPECT_EQ(fetched.report->shared_bytes, kBytes);
  EXPECT_EQ(fetched.report->rpc_bytes, 0);
  EXPECT_EQ(FirstWrong(fetched.flat, 4), -1);

  fetched = Fetch(sources, Elsewhere());
  ASSERT_TRUE(fetched.report.ok()) << fetched.report.status();
  EXPECT_EQ(fetched.report->shared_bytes, 0);
  EXPECT_EQ(fetched.report->rpc_bytes, kBytes);
  EXPECT_EQ(fetched.report->why_not_shared, "");
  EXPECT_EQ(FirstWrong(fetched.flat, 4), -1);

  // One rank here, one on another host.
  std::vector<WeightsSource> mixed = sources;
  mixed[1].host = "elsewhere";
  fetched = Fetch(mixed, {});
  ASSERT_TRUE(fetched.report.ok()) << fetched.report.status();
  EXPECT_EQ(fetched.report->rpc_bytes, kCut * 4);
  EXPECT_EQ(FirstWrong(fetched.flat, 4), -1);

  // Here, it seems, but its process cannot be looked into: as in another container.
  mixed = sources;
  mixed[0].pid = getpid();
  fetched = Fetch(mixed, {});
  ASSERT_TRUE(fetched.report.ok()) << fetched.report.status();
  EXPECT_EQ(fetched.report->shared_bytes, kCut * 4);
  EXPECT_EQ(fetched.report->rpc_bytes, kBytes - kCut * 4);
  EXPECT_EQ(FirstWrong(fetched.flat, 4), -1);
  EXPECT_THAT(Describe(*fetched.report),
              AllOf(HasSubstr("8.4 MB from shared memory"), HasSubstr("16.8 MB over gRPC"),
                    HasSubstr(absl::StrCat("/proc/", getpid(), "/fd/"))));
}

TEST(WeightsClient, ManySourcesWithManyRanges) {
  // 40 ranks, whose ranges alternate, and one with nothing: more streams than run at a time.
  constexpr int64_t kRanks = 40, kPiece = 37, kRounds = 9;
  std::vector<float> flat(kRanks * kPiece * kRounds);
  for (size_t i = 0; i < flat.size(); ++i) flat[i] = ProbeValue(static_cast<int64_t>(i), 2);
  std::vector<std::unique_ptr<WeightsPublisher>> ranks;
  std::vector<WeightsSource> sources;
  for (int64_t rank = 0; rank <= kRanks; ++rank) {
    std::vector<WeightsShard> shards;
    for (int64_t round = 0; rank < kRanks && round < kRounds; ++round) {
      const int64_t begin = (round * kRanks + rank) * kPiece;
      shards.push_back({begin, absl::MakeConstSpan(flat).subspan(begin, kPiece)});
    }
    ranks.push_back(*WeightsPublisher::Start("127.0.0.1:0"));
    sources.push_back(*ranks.back()->Publish(2, shards));
  }
  for (const WeightsFetchOptions& options : {WeightsFetchOptions(), Elsewhere()}) {
    const Fetched fetched = Fetch(sources, options, static_cast<int64_t>(flat.size()));
    ASSERT_TRUE(fetched.report.ok()) << fetched.report.status();
    EXPECT_EQ(fetched.flat, flat);
  }
}

// Connections are kept for the next version; a rank that was started anew has ended them.
TEST(WeightsClient, ConnectionsThatWereKeptMayHaveEnded) {
  const std::vector<float> values = {1, 2, 3, 4};
  std::string address = "127.0.0.1:0";
  for (int start = 0; start < 3; ++start) {
    const auto publisher = WeightsPublisher::Start(address);
    ASSERT_TRUE(publisher.ok()) << publisher.status();
    const auto source = (*publisher)->Publish(1, {{0, values}});
    ASSERT_TRUE(source.ok()) << source.status();
    address = source->address;
    Fetched fetched = Fetch({*source}, Elsewhere(), 4);
    for (int i = 0; i < 100 && absl::IsUnavailable(fetched.report.status()); ++i) {
      absl::SleepFor(absl::Milliseconds(20));
      fetched = Fetch({*source}, Elsewhere(), 4);
    }
    ASSERT_TRUE(fetched.report.ok()) << start << ": " << fetched.report.status();
    EXPECT_EQ(fetched.flat, values);
  }
}

TEST(WeightsClient, ASourceThatDiesInTheMiddleIsAnError) {
  SourceProcess process(1, 0, kFloats);
  WeightsSource source = process.source();
  TripWire wire(source.address, kBytes / 2, [&] { process.Kill(); });
  source.address = wire.address();
  Status status = Fetch({source}, Elsewhere()).report.status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(wire.address()));
  // Nobody is there any more.
  status = Fetch({process.source()}, {}).report.status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST(WeightsClient, ASourceThatFreezesIsAnErrorAfterAWhile) {
  SourceProcess process(1, 0, kFloats);
  WeightsSource source = process.source();
  TripWire wire(source.address, kBytes / 2, [&] { process.Signal(SIGSTOP); });
  source.address = wire.address();
  WeightsFetchOptions options = Elsewhere();
  options.stall_seconds = 0.5;
  const Status status = Fetch({source}, options).report.status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), AllOf(HasSubstr(wire.address()), HasSubstr("0.5 s")));
  // Its memory can be read all the same, and when it goes on so do its streams.
  EXPECT_EQ(FirstWrong(Fetch({source}, {}).flat, 1), -1);
  process.Signal(SIGCONT);
  EXPECT_EQ(FirstWrong(Fetch({source}, Elsewhere()).flat, 1), -1);
}

TEST(WeightsClient, StopsWhenItIsAskedTo) {
  SourceProcess process(1, 0, kFloats);
  WeightsSource source = process.source();
  std::atomic<bool> stop{false};
  TripWire wire(source.address, kBytes / 2, [&] {
    process.Signal(SIGSTOP);
    stop = true;
  });
  source.address = wire.address();
  const Status status = Fetch({source}, Elsewhere(), kFloats, stop).report.status();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST(WeightsClient, AStreamUnderWayEndsWithTheVersionItBeganWith) {
  // One stream: of two, the second could come too late for the first version.
  constexpr int64_t kSize = 3 << 20;
  ASSERT_EQ(NumWeightsConnections(kSize * 4, kMinStream), 1);
  ASSERT_EQ(NumWeightsConnections(kBytes, kMinStream), 2);
  std::vector<float> values(kSize);
  for (int64_t i = 0; i < kSize; ++i) values[i] = ProbeValue(i, 1);
  const auto publisher = *WeightsPublisher::Start("127.0.0.1:0");
  WeightsSource source = *publisher->Publish(1, {{0, values}});
  TripWire wire(source.address, kSize * 2, [&] {
    for (float& value : values) ++value;
    EXPECT_TRUE(publisher->Publish(2, {{0, values}}).ok());
  });
  source.address = wire.address();
  const Fetched fetched = Fetch({source}, Elsewhere(), kSize);
  ASSERT_TRUE(fetched.report.ok()) << fetched.report.status();
  EXPECT_EQ(FirstWrong(fetched.flat, 1), -1);
  // Now it is over, in either way.
  for (const WeightsFetchOptions& options : {WeightsFetchOptions(), Elsewhere()}) {
    const Status status = Fetch({source}, options, kSize).report.status();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
  }
}

TEST(WeightsClient, WhateverIsFetchedWhileVersionsFlyByIsWhole) {
  constexpr int64_t kSize = 1 << 20;
  const auto publisher = *WeightsPublisher::Start("127.0.0.1:0");
  absl::Mutex mutex;
  WeightsSource current = *publisher->Publish(0, {{0, std::vector<float>(kSize, 0)}});
  std::atomic<bool> over{false};
  std::atomic<int> num_whole{0};
  const auto read = [&](const WeightsFetchOptions& options) {
    while (!over || num_whole == 0) {
      WeightsSource source;
      {
        absl::MutexLock lock(&mutex);
        source = current;
      }
      const Fetched fetched = Fetch({source}, options, kSize);
      if (!fetched.report.ok()) {
        EXPECT_TRUE(absl::IsNotFound(fetched.report.status())) << fetched.report.status();
        continue;
      }
      const auto expected = static_cast<float>(source.policy_version);
      EXPECT_EQ(fetched.flat, std::vector<float>(kSize, expected));
      ++num_whole;
    }
  };
  std::thread shared([&] { read({}); });
  std::thread streamed([&] { read(Elsewhere()); });
  for (uint64_t version = 1; version <= 100; ++version) {
    const std::vector<float> values(kSize, static_cast<float>(version));
    const WeightsSource source = *publisher->Publish(version, {{0, values}});
    absl::MutexLock lock(&mutex);
    current = source;
  }
  over = true;
  shared.join();
  streamed.join();
}

// A server that answers with what a test wants.
class WrongServer : public proto::WeightsServer::Service {
 public:
  using Writer = grpc::ServerWriter<proto::WeightsChunk>;

  explicit WrongServer(std::function<grpc::Status(Writer*)> answer)
      : answer_(std::move(answer)), server_(*StartRpcServer("127.0.0.1:0", {this})) {}
  ~WrongServer() override { server_.server->Shutdown(); }

  grpc::Status Read(grpc::ServerContext*, const proto::ReadWeightsRequest* request,
                    Writer* writer) override {
    return answer_(writer);
  }

  // Of fetching ten floats.
  Status FetchStatus() const {
    return Fetch({{.address = server_.address, .host = "there", .ranges = {{0, 10}}}}, {}, 10)
        .report.status();
  }

 private:
  const std::function<grpc::Status(Writer*)> answer_;
  RpcServer server_;
};

Status StatusOfAnswer(const std::vector<std::string>& chunks, grpc::StatusCode code) {
  return WrongServer([&](WrongServer::Writer* writer) {
           proto::WeightsChunk chunk;
           for (const std::string& data : chunks) {
             chunk.set_data(data);
             writer->Write(chunk);
           }
           return grpc::Status(code, "the server's words");
         })
      .FetchStatus();
}

TEST(WeightsClient, AnAnswerThatIsNotWhatWasAskedForIsAnError) {
  const std::string whole(40, 'x');
  EXPECT_TRUE(StatusOfAnswer({whole}, grpc::OK).ok());
  EXPECT_TRUE(StatusOfAnswer({whole.substr(0, 3), whole.substr(3)}, grpc::OK).ok());
  // Too little, too much, nothing.
  EXPECT_TRUE(absl::IsDataLoss(StatusOfAnswer({whole.substr(1)}, grpc::OK)));
  EXPECT_TRUE(absl::IsDataLoss(StatusOfAnswer({whole + "x"}, grpc::OK)));
  EXPECT_TRUE(absl::IsDataLoss(StatusOfAnswer({whole, "x"}, grpc::OK)));
  EXPECT_TRUE(absl::IsDataLoss(StatusOfAnswer({}, grpc::OK)));
  // A message that is no chunk of ours.
  const Status status = WrongServer([&](WrongServer::Writer* writer) {
                          proto::WeightsChunk chunk;
                          chunk.set_data(whole);
                          chunk.GetReflection()->MutableUnknownFields(&chunk)->AddVarint(9, 1);
                          writer->Write(chunk);
                          return grpc::Status::OK;
                        }).FetchStatus();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  // All bytes came, but the server says that something was wrong.
  const Status failed = StatusOfAnswer({whole}, grpc::UNAVAILABLE);
  EXPECT_TRUE(absl::IsUnavailable(failed)) << failed;
  EXPECT_THAT(failed.message(), HasSubstr("the server's words"));
  // Cancelled would tell the worker that it was asked to stop.
  EXPECT_TRUE(absl::IsUnavailable(StatusOfAnswer({}, grpc::CANCELLED)));
}

}  // namespace
}  // namespace hone
