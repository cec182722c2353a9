#include "data/tensorboard.h"

#include <unistd.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/hash.h"

namespace hone {
namespace {

constexpr absl::string_view kFilePrefix = "events.out.tfevents.";
constexpr absl::string_view kFileVersion = "brain.Event:2";

// Field numbers of event.proto and summary.proto.
constexpr int kEventWallTime = 1;
constexpr int kEventStep = 2;
constexpr int kEventFileVersion = 3;
constexpr int kEventSummary = 5;
constexpr int kSummaryValue = 1;
constexpr int kValueTag = 1;
constexpr int kValueSimpleValue = 2;

// Wire types of the protobuf encoding.
constexpr int kVarint = 0;
constexpr int kFixed64 = 1;
constexpr int kBytes = 2;
constexpr int kFixed32 = 5;

template <typename Unsigned>
void AppendLittleEndian(Unsigned value, std::string* out) {
  for (size_t i = 0; i < sizeof(value); ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendKey(int field, int wire_type, std::string* out) {
  AppendVarint(static_cast<uint64_t>(field) << 3 | wire_type, out);
}

void AppendBytes(int field, absl::string_view bytes, std::string* out) {
  AppendKey(field, kBytes, out);
  AppendVarint(bytes.size(), out);
  absl::StrAppend(out, bytes);
}

std::string EventHead(double unix_seconds) {
  std::string event;
  AppendKey(kEventWallTime, kFixed64, &event);
  AppendLittleEndian(std::bit_cast<uint64_t>(unix_seconds), &event);
  return event;
}

// A CRC over data that holds CRCs is weak, so the format stores them rotated and shifted.
uint32_t MaskedCrc(absl::string_view data) {
  return std::rotr(Crc32c(data), 15) + uint32_t{0xa282ead8};
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "localhost";
}

}  // namespace

std::string EncodeEventRecord(absl::string_view data) {
  std::string record;
  AppendLittleEndian(static_cast<uint64_t>(data.size()), &record);
  AppendLittleEndian(MaskedCrc(record), &record);
  absl::StrAppend(&record, data);
  AppendLittleEndian(MaskedCrc(data), &record);
  return record;
}

StatusOr<std::unique_ptr<TensorBoardWriter>> TensorBoardWriter::Create(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (!absl::StartsWith(it->path().filename().string(), kFilePrefix)) continue;
    std::filesystem::remove(it->path(), error);
    if (error) break;
  }
  if (error) return FromErrno(error.value(), absl::StrCat("cannot clear ", folder));

  const absl::Time now = absl::Now();
  HONE_ASSIGN_OR_RETURN(
      std::unique_ptr<AppendFile> file,
      AppendFile::Open(absl::StrCat(folder, "/", kFilePrefix, absl::ToUnixSeconds(now), ".",
                                    HostName(), ".", getpid())));
  std::string event = EventHead(absl::ToDoubleSeconds(now - absl::UnixEpoch()));
  AppendBytes(kEventFileVersion, kFileVersion, &event);
  HONE_RETURN_IF_ERROR(file->Append(EncodeEventRecord(event)));
  return std::unique_ptr<TensorBoardWriter>(new TensorBoardWriter(std::move(file)));
}

Status TensorBoardWriter::Write(double unix_seconds, int64_t step,
                                absl::Span<const std::pair<std::string, double>> values) {
  std::string summary;
  for (const auto& [tag, number] : values) {
    if (!std::isfinite(number)) continue;
    std::string value;
    AppendBytes(kValueTag, tag, &value);
    AppendKey(kValueSimpleValue, kFixed32, &value);
    AppendLittleEndian(std::bit_cast<uint32_t>(static_cast<float>(number)), &value);
    AppendBytes(kSummaryValue, value, &summary);
  }
  std::string event = EventHead(unix_seconds);
  AppendKey(kEventStep, kVarint, &event);
  AppendVarint(static_cast<uint64_t>(step), &event);
  AppendBytes(kEventSummary, summary, &event);
  return file_->Append(EncodeEventRecord(event));
}

}  // namespace hone
