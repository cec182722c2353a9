#include "cluster/weights_segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr char kName[] = "hone-weights";
constexpr char kMagic[] = "honewts1";
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// Before the data of every segment.
struct Header {
  char magic[8];
  uint64_t policy_version;
  uint64_t nonce;
  uint64_t num_bytes;
  char zeros[32];
};
static_assert(sizeof(Header) == 64, "as in proto/hone.proto");

Header HeaderOf(const WeightsSource& source) {
  Header header = {};
  std::memcpy(header.magic, kMagic, sizeof(header.magic));
  header.policy_version = source.policy_version;
  header.nonce = source.nonce;
  header.num_bytes = static_cast<uint64_t>(source.num_bytes());
  return header;
}

// Empty when it cannot be read.
std::string LinkTarget(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), target, sizeof(target));
  return size < 0 ? "" : std::string(target, size);
}

std::string DescribeThisHost() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  char name[HOST_NAME_MAX + 1] = {};
  gethostname(name, sizeof(name) - 1);
  return absl::StrCat(boot, "/", name, "/", LinkTarget("/proc/self/ns/pid"));
}

// The kernel copies faster into a file than we can into its mapping, page by page, and says when
// memory is short, where a mapping would end the process.
Status WriteAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FromErrno(written < 0 ? errno : EIO, "cannot fill shared memory");
    data += written;
    size -= written;
  }
  return absl::OkStatus();
}

}  // namespace

const std::string& ThisHost() {
  static const std::string host = DescribeThisHost();
  return host;
}

StatusOr<std::shared_ptr<const WeightsSegment>> WeightsSegment::Create(
    uint64_t policy_version, absl::Span<const WeightsShard> shards) {
  std::shared_ptr<WeightsSegment> segment(new WeightsSegment());
  WeightsSource& source = segment->source_;
  source.policy_version = policy_version;
  source.host = ThisHost();
  source.pid = getpid();
  for (const WeightsShard& shard : shards) {
    source.ranges.push_back({shard.begin, static_cast<int64_t>(shard.values.size())});
  }
  if (getrandom(&source.nonce, sizeof(source.nonce), 0) != sizeof(source.nonce)) {
    return FromErrno(errno, "cannot draw a random number");
  }
  const Status status = segment->Fill(shards);
  if (!status.ok()) {
    return Annotate(status, absl::StrCat("publishing ", source.num_bytes(), " bytes of weights"));
  }
  return segment;
}

Status WeightsSegment::Fill(absl::Span<const WeightsShard> shards) {
  source_.fd = memfd_create(kName, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (source_.fd < 0) return FromErrno(errno, "cannot create shared memory");
  const Header header = HeaderOf(source_);
  HONE_RETURN_IF_ERROR(
      WriteAll(source_.fd, reinterpret_cast<const char*>(&header), sizeof(header)));
  for (const WeightsShard& shard : shards) {
    HONE_RETURN_IF_ERROR(WriteAll(source_.fd, reinterpret_cast<const char*>(shard.values.data()),
                                  shard.values.size() * sizeof(float)));
  }
  if (fcntl(source_.fd, F_ADD_SEALS, kSeals) != 0) {
    return FromErrno(errno, "cannot seal shared memory");
  }
  mapping_bytes_ = static_cast<int64_t>(sizeof(Header)) + source_.num_bytes();
  void* mapping = mmap(nullptr, mapping_bytes_, PROT_READ, MAP_PRIVATE, source_.fd, 0);
  if (mapping == MAP_FAILED) return FromErrno(errno, "cannot map shared memory");
  mapping_ = static_cast<const char*>(mapping);
  return absl::OkStatus();
}

WeightsSegment::~WeightsSegment() {
  if (mapping_ != nullptr) munmap(const_cast<char*>(mapping_), mapping_bytes_);
  if (source_.fd >= 0) close(source_.fd);
}

absl::string_view WeightsSegment::bytes() const {
  return absl::string_view(mapping_, mapping_bytes_).substr(sizeof(Header));
}

StatusOr<SharedWeights> SharedWeights::Open(const WeightsSource& source) {
  const std::string path = absl::StrCat("/proc/", source.pid, "/fd/", source.fd);
  // Looked at before it is opened: opening a pipe or a device can block, or do something.
  const std::string target = LinkTarget(path);
  if (target.empty() && errno != ENOENT) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot look at ", path, ": ", std::strerror(errno)));
  }
  if (!absl::StartsWith(target, absl::StrCat("/memfd:", kName))) {
    return absl::NotFoundError(absl::StrCat(path, " is no published weights (any more)"));
  }
  SharedWeights weights;
  weights.fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (weights.fd_ < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  const Status status = weights.Check(source);
  if (!status.ok()) return Annotate(status, path);
  return weights;
}

Status SharedWeights::Check(const WeightsSource& source) const {
  struct stat info;
  const int seals = fcntl(fd_, F_GET_SEALS);  // the kernel may have added some
  if (fstat(fd_, &info) != 0 || seals < 0 || (seals & kSeals) != kSeals) {
    return absl::FailedPreconditionError("is not sealed");
  }
  const Header expected = HeaderOf(source);
  Header header;
  if (pread(fd_, &header, sizeof(header), 0) != sizeof(header) ||
      std::memcmp(header.magic, kMagic, sizeof(header.magic)) != 0) {
    return absl::FailedPreconditionError("has no header");
  }
  if (header.policy_version != expected.policy_version || header.nonce != expected.nonce) {
    return absl::NotFoundError(
        absl::StrCat("is version ", header.policy_version, " of another publication"));
  }
  if (std::memcmp(&header, &expected, sizeof(header)) != 0 ||
      info.st_size != static_cast<int64_t>(sizeof(Header)) + source.num_bytes()) {
    return absl::FailedPreconditionError(
        absl::StrCat("has ", header.num_bytes, " bytes of weights, not ", source.num_bytes()));
  }
  return absl::OkStatus();
}

SharedWeights::SharedWeights(SharedWeights&& other) noexcept { *this = std::move(other); }

SharedWeights& SharedWeights::operator=(SharedWeights&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

SharedWeights::~SharedWeights() {
  if (fd_ >= 0) close(fd_);
}

Status SharedWeights::Read(int64_t begin_byte, absl::Span<char> out) const {
  // Read, not mapped: as fast as a copy from a mapping that is used once, and an error, not a
  // signal, when something is wrong.
  auto offset = static_cast<off_t>(sizeof(Header)) + begin_byte;
  while (!out.empty()) {
    const ssize_t size = pread(fd_, out.data(), out.size(), offset);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FromErrno(errno, "cannot read shared memory");
    if (size == 0) return absl::OutOfRangeError("shared weights end too early");
    offset += size;
    out.remove_prefix(size);
  }
  return absl::OkStatus();
}

}  // namespace hone
