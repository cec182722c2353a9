#include "cluster/weights_segment.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

using Segment = std::shared_ptr<const WeightsSegment>;

Segment MakeSegment(uint64_t version, const std::vector<float>& values) {
  StatusOr<Segment> segment = WeightsSegment::Create(version, {{100, values}});
  EXPECT_TRUE(segment.ok()) << segment.status();
  return *std::move(segment);
}

// All that a source's segment has.
StatusOr<std::vector<float>> ReadAll(const WeightsSource& source) {
  HONE_ASSIGN_OR_RETURN(const SharedWeights shared, SharedWeights::Open(source));
  std::vector<float> values(source.num_bytes() / sizeof(float));
  HONE_RETURN_IF_ERROR(
      shared.Read(0, {reinterpret_cast<char*>(values.data()), values.size() * sizeof(float)}));
  return values;
}

// A memfd with this content, described as a segment.
class Forgery {
 public:
  Forgery(const WeightsSource& source, const std::string& name, const std::string& content,
          int seals)
      : source_(source) {
    source_.fd = memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    EXPECT_EQ(write(source_.fd, content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    EXPECT_EQ(fcntl(source_.fd, F_ADD_SEALS, seals), 0);
  }
  ~Forgery() { close(source_.fd); }

  Status Open() const { return SharedWeights::Open(source_).status(); }

 private:
  WeightsSource source_;
};

// What a segment's file has, header included.
std::string Content(const WeightsSegment& segment) {
  std::string content(64 + segment.bytes().size(), '\0');
  EXPECT_EQ(pread(segment.source().fd, content.data(), content.size(), 0),
            static_cast<ssize_t>(content.size()));
  return content;
}

TEST(WeightsSegment, HoldsTheShardsInTheirOrder) {
  const std::vector<float> flat = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const absl::Span<const float> view = flat;
  const StatusOr<Segment> segment =
      WeightsSegment::Create(7, {{6, view.subspan(6, 3)}, {1, view.subspan(1, 2)}});
  ASSERT_TRUE(segment.ok()) << segment.status();
  const WeightsSource& source = (*segment)->source();
  EXPECT_EQ(source.policy_version, 7u);
  EXPECT_EQ(source.host, ThisHost());
  EXPECT_EQ(source.pid, getpid());
  ASSERT_EQ(source.ranges.size(), 2u);
  EXPECT_EQ(source.ranges[0].begin, 6);
  EXPECT_EQ(source.ranges[1].count, 2);
  const std::vector<float> expected = {6, 7, 8, 1, 2};
  EXPECT_EQ((*segment)->bytes(), absl::string_view(reinterpret_cast<const char*>(expected.data()),
                                                   expected.size() * sizeof(float)));
  EXPECT_EQ(*ReadAll(source), expected);

  const StatusOr<SharedWeights> shared = SharedWeights::Open(source);
  ASSERT_TRUE(shared.ok()) << shared.status();
  float middle[2];
  ASSERT_TRUE(shared->Read(8, {reinterpret_cast<char*>(middle), sizeof(middle)}).ok());
  EXPECT_EQ(middle[0], 8);
  EXPECT_EQ(middle[1], 1);
  EXPECT_TRUE(
      absl::IsOutOfRange(shared->Read(16, {reinterpret_cast<char*>(middle), sizeof(middle)})));
}

TEST(WeightsSegment, ARankMayHoldNothing) {
  const StatusOr<Segment> segment = WeightsSegment::Create(1, {});
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_EQ((*segment)->bytes(), "");
  EXPECT_TRUE(ReadAll((*segment)->source())->empty());
}

TEST(WeightsSegment, NobodyCanChangeIt) {
  const Segment segment = MakeSegment(1, {1, 2, 3});
  const int fd = segment->source().fd;
  EXPECT_EQ(write(fd, "x", 1), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ftruncate(fd, 0), -1);
  EXPECT_EQ(mmap(nullptr, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
}

TEST(WeightsSegment, LeavesNothingBehind) {
  Segment segment = MakeSegment(1, {1, 2, 3});
  const WeightsSource source = segment->source();
  StatusOr<SharedWeights> reader = SharedWeights::Open(source);
  segment.reset();
  EXPECT_TRUE(absl::IsNotFound(SharedWeights::Open(source).status()));
  // Who has it open reads on.
  float value;
  ASSERT_TRUE(reader->Read(4, {reinterpret_cast<char*>(&value), sizeof(value)}).ok());
  EXPECT_EQ(value, 2);
}

// The descriptor's number is soon used again, for the next version or for anything else.
TEST(WeightsSegment, AnotherPublicationUnderTheSameDescriptorIsNotTaken) {
  Segment segment = MakeSegment(1, {1, 2, 3});
  const WeightsSource old = segment->source();
  segment.reset();
  segment = MakeSegment(1, {4, 5, 6});  // the same version of another trainer
  ASSERT_EQ(segment->source().fd, old.fd);
  const Status status = SharedWeights::Open(old).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("another publication"));
}

TEST(WeightsSegment, AnythingElseIsNotTaken) {
  const Segment segment = MakeSegment(1, {1, 2, 3});
  const WeightsSource good = segment->source();
  const std::string content = Content(*segment);
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  EXPECT_TRUE(Forgery(good, "hone-weights", content, kSeals).Open().ok());
  // A name, a seal, a byte of the header, the size.
  EXPECT_FALSE(Forgery(good, "other", content, kSeals).Open().ok());
  EXPECT_FALSE(Forgery(good, "hone-weights", content, kSeals & ~F_SEAL_WRITE).Open().ok());
  EXPECT_FALSE(Forgery(good, "hone-weights", content, kSeals & ~F_SEAL_SHRINK).Open().ok());
  for (size_t i = 0; i < 64; ++i) {
    std::string bad = content;
    bad[i] ^= 1;
    EXPECT_FALSE(Forgery(good, "hone-weights", bad, kSeals).Open().ok()) << i;
  }
  EXPECT_FALSE(Forgery(good, "hone-weights", content + "more", kSeals).Open().ok());
  EXPECT_FALSE(
      Forgery(good, "hone-weights", content.substr(0, content.size() - 1), kSeals).Open().ok());
  EXPECT_FALSE(Forgery(good, "hone-weights", content.substr(0, 10), kSeals).Open().ok());
  EXPECT_FALSE(Forgery(good, "hone-weights", "", kSeals).Open().ok());
  WeightsSource longer = good;
  longer.ranges.push_back({0, 1});
  EXPECT_FALSE(SharedWeights::Open(longer).ok());
}

// Opening a pipe blocks until the other end is opened; it must be left alone.
TEST(WeightsSegment, APipeUnderTheDescriptorIsNotOpened) {
  const Segment segment = MakeSegment(1, {1});
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  WeightsSource source = segment->source();
  source.fd = ends[0];
  EXPECT_TRUE(absl::IsNotFound(SharedWeights::Open(source).status()));
  close(ends[0]);
  close(ends[1]);
}

// Another process: read while it lives, gone with kill -9.
TEST(WeightsSegment, GoesWithItsProcess) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const StatusOr<Segment> segment = WeightsSegment::Create(9, {{0, std::vector<float>{1, 2}}});
    const WeightsSource source = segment.ok() ? (*segment)->source() : WeightsSource();
    const uint64_t words[] = {source.nonce, static_cast<uint64_t>(source.fd)};
    if (write(ends[1], words, sizeof(words)) != sizeof(words)) _exit(1);
    while (true) pause();
  }
  uint64_t words[2] = {};
  ASSERT_EQ(read(ends[0], words, sizeof(words)), static_cast<ssize_t>(sizeof(words)));
  const WeightsSource source = {.policy_version = 9,
                                .nonce = words[0],
                                .host = ThisHost(),
                                .pid = pid,
                                .fd = static_cast<int>(words[1]),
                                .ranges = {{0, 2}}};
  const StatusOr<std::vector<float>> values = ReadAll(source);
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(*values, (std::vector<float>{1, 2}));
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
  EXPECT_TRUE(absl::IsNotFound(SharedWeights::Open(source).status()));
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace hone
