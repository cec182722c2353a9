#include "cluster/weights_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cluster/rpc.h"
#include "google/protobuf/io/coded_stream.h"

namespace hone {
namespace {

using Segment = std::shared_ptr<const WeightsSegment>;

// A part of the segment as a slice that keeps it alive: gRPC may hold on to slices beyond the end
// of their call.
grpc::Slice Borrow(const Segment& segment, absl::string_view part) {
  return grpc::Slice(
      const_cast<char*>(part.data()), part.size(),
      [](void* owner) { delete static_cast<Segment*>(owner); }, new Segment(segment));
}

// The wire form of WeightsChunk{data}: tag, size, the bytes themselves.
grpc::ByteBuffer MakeChunk(const Segment& segment, absl::string_view data) {
  constexpr uint8_t kTag = proto::WeightsChunk::kDataFieldNumber << 3 | 2;  // length-delimited
  uint8_t head[16] = {kTag};
  const uint8_t* end =
      google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(data.size(), head + 1);
  const grpc::Slice slices[] = {grpc::Slice(head, end - head), Borrow(segment, data)};
  return grpc::ByteBuffer(slices, 2);
}

class Stream : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit Stream(const Status& error) { Finish(ToGrpc(error)); }
  Stream(Segment segment, absl::string_view bytes) : segment_(std::move(segment)), bytes_(bytes) {
    WriteNext();
  }

  void OnWriteDone(bool ok) override {
    if (ok) {
      WriteNext();
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (bytes_.empty()) {
      Finish(grpc::Status::OK);
      return;
    }
    const absl::string_view data = bytes_.substr(0, kWeightsChunkBytes);
    bytes_.remove_prefix(data.size());
    chunk_ = MakeChunk(segment_, data);
    StartWrite(&chunk_);
  }

  Segment segment_;
  absl::string_view bytes_;  // not sent yet
  grpc::ByteBuffer chunk_;   // on its way
};

StatusOr<proto::ReadWeightsRequest> Parse(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    proto::ReadWeightsRequest request;
    if (request.ParseFromString(bytes)) return request;
  }
  return absl::InvalidArgumentError("not a ReadWeightsRequest");
}

}  // namespace

void WeightsService::Serve(std::shared_ptr<const WeightsSegment> segment) {
  absl::MutexLock lock(&mutex_);
  segment_.swap(segment);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* WeightsService::Read(grpc::CallbackServerContext*,
                                                                 const grpc::ByteBuffer* buffer) {
  const StatusOr<proto::ReadWeightsRequest> request = Parse(*buffer);
  if (!request.ok()) return new Stream(request.status());
  Segment segment;
  {
    absl::MutexLock lock(&mutex_);
    segment = segment_;
  }
  if (segment == nullptr || segment->source().policy_version != request->policy_version() ||
      segment->source().nonce != request->nonce()) {
    return new Stream(absl::NotFoundError(
        absl::StrCat("this rank no longer has that part of version ", request->policy_version())));
  }
  const auto size = static_cast<int64_t>(segment->bytes().size());
  const int64_t begin = request->begin_byte(), count = request->num_bytes();
  if (begin < 0 || count < 0 || begin > size || count > size - begin) {
    return new Stream(absl::OutOfRangeError(absl::StrCat(
        "bytes ", begin, " and ", count, " from there on were asked for; there are ", size)));
  }
  const absl::string_view bytes = segment->bytes().substr(begin, count);
  return new Stream(std::move(segment), bytes);
}

}  // namespace hone
