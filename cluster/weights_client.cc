#include "cluster/weights_client.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "cluster/rpc.h"
#include "grpcpp/generic/generic_stub.h"
#include "kernels/parallel.h"
#include "proto/hone.pb.h"

namespace hone {
namespace {

constexpr char kMethod[] = "/hone.proto.WeightsServer/Read";
constexpr int64_t kCopyBytes = 4 << 20;      // what a thread copies at a time
constexpr int kMaxStreams = 8;               // at the same time, over all sources
constexpr double kPollSeconds = 0.1;         // for what cannot wake us
constexpr double kFetchSeconds = 60;         // of one stream, and beyond that
constexpr double kMinBytesPerSecond = 10e6;  // what the network must do at least

// Bytes [begin, begin + size) of a source's ranges.
struct Part {
  const WeightsSource* source;
  int64_t begin = 0;
  int64_t size = 0;
};

// Where the bytes of a part belong: its piece of each range in turn, as parts of the flat buffer.
std::vector<absl::Span<char>> Pieces(const Part& part, absl::Span<float> flat) {
  std::vector<absl::Span<char>> pieces;
  int64_t skip = part.begin, left = part.size;
  for (const WeightsRange& range : part.source->ranges) {
    const absl::Span<float> floats = flat.subspan(range.begin, range.count);
    const absl::Span<char> bytes(reinterpret_cast<char*>(floats.data()),
                                 floats.size() * sizeof(float));
    const auto size = static_cast<int64_t>(bytes.size());
    if (skip < size && left > 0) {
      pieces.push_back(bytes.subspan(skip, left));
      left -= static_cast<int64_t>(pieces.back().size());
    }
    skip = std::max<int64_t>(0, skip - size);
  }
  return pieces;
}

// Fills pieces from front to back.
class Filler {
 public:
  explicit Filler(std::vector<absl::Span<char>> pieces) : pieces_(std::move(pieces)) {}

  // False when it does not fit.
  bool Add(absl::string_view data) {
    while (!data.empty()) {
      if (next_ == pieces_.size()) return false;
      absl::Span<char>& piece = pieces_[next_];
      const size_t size = std::min(piece.size(), data.size());
      std::memcpy(piece.data(), data.data(), size);
      piece.remove_prefix(size);
      data.remove_prefix(size);
      if (piece.empty()) ++next_;
    }
    return true;
  }
  bool full() const { return next_ == pieces_.size(); }

 private:
  std::vector<absl::Span<char>> pieces_;
  size_t next_ = 0;
};

// Takes a WeightsChunk apart: tag, size, the data, which fills the rest. False when it is none.
bool AddChunk(const grpc::ByteBuffer& message, Filler* filler) {
  constexpr uint8_t kTag = proto::WeightsChunk::kDataFieldNumber << 3 | 2;
  std::vector<grpc::Slice> slices;
  if (!message.Dump(&slices).ok()) return false;
  uint64_t expected = 0, received = 0;
  int head = 0;        // bytes of tag and size so far
  bool begun = false;  // the data
  for (const grpc::Slice& slice : slices) {
    const uint8_t* at = slice.begin();
    for (; at != slice.end() && !begun; ++at) {
      if (head == 0 && *at != kTag) return false;
      if (head > 5) return false;  // larger than any message
      if (head > 0) {
        expected |= uint64_t{*at & 0x7fu} << 7 * (head - 1);
        begun = (*at & 0x80) == 0;
      }
      ++head;
    }
    const absl::string_view data(reinterpret_cast<const char*>(at), slice.end() - at);
    received += data.size();
    if (received > expected || !filler->Add(data)) return false;
  }
  return begun && received == expected;
}

// Connections that streams leave behind, for those of the next version: to make one takes longer
// than a small model. Only what served well comes back.
class IdleConnections {
 public:
  std::shared_ptr<grpc::Channel> Take(const std::string& address) {
    {
      const absl::MutexLock lock(&mutex_);
      const auto it = std::find_if(idle_.begin(), idle_.end(),
                                   [&](const Idle& idle) { return idle.address == address; });
      if (it != idle_.end()) {
        std::shared_ptr<grpc::Channel> channel = std::move(it->channel);
        idle_.erase(it);
        return channel;
      }
    }
    return MakeBulkChannel(address);
  }
  void Give(const std::string& address, std::shared_ptr<grpc::Channel> channel) {
    const absl::MutexLock lock(&mutex_);
    idle_.push_back({address, std::move(channel)});
    if (idle_.size() > kMaxStreams) idle_.pop_front();  // of ranks that are gone, say
  }

 private:
  struct Idle {
    std::string address;
    std::shared_ptr<grpc::Channel> channel;
  };
  absl::Mutex mutex_;
  std::deque<Idle> idle_ ABSL_GUARDED_BY(mutex_);  // the latest at the end
};

IdleConnections& Connections() {
  static auto* const connections = new IdleConnections;  // gRPC is not ended at exit
  return *connections;
}

// One stream. The call can be given up while it waits, which gRPC's own blocking calls cannot.
class Stream {
 public:
  // `give_up` says whether there is no use in going on.
  Stream(const Part& part, double stall_seconds, const std::function<bool()>& give_up)
      : part_(part),
        stall_seconds_(stall_seconds),
        give_up_(give_up),
        channel_(Connections().Take(part.source->address)),
        stub_(channel_) {
    SetDeadline(&context_, kFetchSeconds + static_cast<double>(part.size) / kMinBytesPerSecond);
  }
  ~Stream() {
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  Status Run(absl::Span<float> flat) {
    Filler filler(Pieces(part_, flat));
    const grpc::ByteBuffer request = MakeRequest();
    const auto call = stub_.PrepareCall(&context_, kMethod, &queue_);
    call->StartCall(nullptr);
    bool ok = Await();
    if (ok) {
      call->WriteLast(request, grpc::WriteOptions(), nullptr);
      ok = Await();
    }
    for (grpc::ByteBuffer message; ok;) {
      call->Read(&message, nullptr);
      ok = Await() && Take(message, &filler);
    }
    grpc::Status status;
    call->Finish(&status, nullptr);
    (void)Await();
    if (error_.ok()) error_ = FromGrpc(status);
    // Cancelled by its server: to our callers the word means that we were asked to stop.
    if (status.error_code() == grpc::CANCELLED && absl::IsCancelled(error_) && !give_up_()) {
      error_ = absl::UnavailableError("the rank ended the call");
    }
    if (error_.ok() && !filler.full()) error_ = absl::DataLossError("the stream ended too early");
    if (error_.ok()) Connections().Give(part_.source->address, channel_);
    return Annotate(error_, absl::StrCat("weights from ", part_.source->address));
  }

 private:
  grpc::ByteBuffer MakeRequest() const {
    proto::ReadWeightsRequest request;
    request.set_policy_version(part_.source->policy_version);
    request.set_nonce(part_.source->nonce);
    request.set_begin_byte(part_.begin);
    request.set_num_bytes(part_.size);
    const grpc::Slice slice(request.SerializeAsString());
    return grpc::ByteBuffer(&slice, 1);
  }

  // Until the operation is over: true when it succeeded.
  bool Await() {
    void* tag;
    bool ok = false;
    for (double waited = 0;; waited += kPollSeconds) {
      const auto poll = std::chrono::system_clock::now() +
                        std::chrono::microseconds(static_cast<int64_t>(kPollSeconds * 1e6));
      if (queue_.AsyncNext(&tag, &ok, poll) != grpc::CompletionQueue::TIMEOUT) return ok;
      if (waited >= stall_seconds_) {
        Break(absl::DeadlineExceededError(absl::StrCat("nothing came for ", stall_seconds_, " s")));
      }
      if (give_up_()) Break(absl::CancelledError("given up"));
    }
  }

  bool Take(const grpc::ByteBuffer& message, Filler* filler) {
    if (give_up_()) Break(absl::CancelledError("given up"));
    if (!AddChunk(message, filler)) Break(absl::DataLossError("a chunk makes no sense"));
    return error_.ok();
  }

  // Ends the call with our own error.
  void Break(Status error) {
    if (!error_.ok()) return;
    error_ = std::move(error);
    context_.TryCancel();
  }

  const Part part_;
  const double stall_seconds_;
  const std::function<bool()>& give_up_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  Status error_;
};

Status StreamParts(const std::vector<Part>& parts, absl::Span<float> flat, double stall_seconds,
                   const std::atomic<bool>& stop) {
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  absl::Mutex mutex;
  Status first_error;
  const std::function<bool()> give_up = [&] { return stop || failed; };
  const auto work = [&] {
    for (size_t i = next++; i < parts.size() && !give_up(); i = next++) {
      const Status status = Stream(parts[i], stall_seconds, give_up).Run(flat);
      if (status.ok()) continue;
      absl::MutexLock lock(&mutex);
      if (!failed) first_error = status;
      failed = true;
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min<size_t>(parts.size(), kMaxStreams); ++i) {
    threads.emplace_back(work);
  }
  for (std::thread& thread : threads) thread.join();
  return stop ? absl::CancelledError("stopped while fetching weights") : first_error;
}

std::vector<Part> CutForStreams(const WeightsSource& source, int64_t min_stream_bytes) {
  const int64_t size = source.num_bytes();
  const int64_t count = NumWeightsConnections(size, min_stream_bytes);
  std::vector<Part> parts;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin = size * i / count;
    parts.push_back({&source, begin, size * (i + 1) / count - begin});
  }
  return parts;
}

Status CopyShared(const SharedWeights& weights, const WeightsSource& source,
                  absl::Span<float> flat) {
  const int64_t size = source.num_bytes();
  absl::Mutex mutex;
  Status first_error;
  ParallelForBlocks(size, kCopyBytes, [&](int64_t begin, int64_t end) {
    int64_t at = begin;
    for (const absl::Span<char> piece : Pieces({&source, begin, end - begin}, flat)) {
      const Status status = weights.Read(at, piece);
      at += static_cast<int64_t>(piece.size());
      absl::MutexLock lock(&mutex);
      first_error.Update(status);
    }
  });
  return first_error;
}

}  // namespace

int NumWeightsConnections(int64_t num_bytes, int64_t min_stream_bytes) {
  return num_bytes < 2 * min_stream_bytes ? 1 : 2;
}

std::string Describe(const WeightsFetchReport& report) {
  std::vector<std::string> parts;
  const auto add = [&](int64_t bytes, absl::string_view how) {
    if (bytes > 0) parts.push_back(absl::StrFormat("%.1f MB %s", bytes / 1e6, how));
  };
  add(report.shared_bytes, "from shared memory");
  add(report.rpc_bytes, "over gRPC");
  std::string text = absl::StrJoin(parts, ", ");
  if (!report.why_not_shared.empty()) absl::StrAppend(&text, " (", report.why_not_shared, ")");
  return text;
}

StatusOr<WeightsFetchReport> FetchWeights(absl::Span<const WeightsSource> sources,
                                          absl::Span<float> flat,
                                          const WeightsFetchOptions& options,
                                          const std::atomic<bool>& stop) {
  WeightsFetchReport report;
  std::vector<Part> parts;
  for (const WeightsSource& source : sources) {
    if (source.ranges.empty()) continue;
    if (source.host == options.host) {
      const StatusOr<SharedWeights> shared = SharedWeights::Open(source);
      if (shared.ok()) {
        HONE_RETURN_IF_ERROR(CopyShared(*shared, source, flat));
        report.shared_bytes += source.num_bytes();
        continue;
      }
      report.why_not_shared = std::string(shared.status().message());
    }
    report.rpc_bytes += source.num_bytes();
    for (const Part& part : CutForStreams(source, options.min_stream_bytes)) parts.push_back(part);
  }
  HONE_RETURN_IF_ERROR(StreamParts(parts, flat, options.stall_seconds, stop));
  return report;
}

}  // namespace hone
