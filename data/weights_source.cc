#include "data/weights_source.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

// Of a whole model: so that bytes fit into int64_t, whatever is added up.
constexpr int64_t kMaxFloats = std::numeric_limits<int64_t>::max() / 64;

Status Bad(const proto::WeightsSource& message, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("WeightsSource \"", message.address(), "\": ", problem));
}

}  // namespace

int64_t WeightsSource::num_bytes() const {
  int64_t count = 0;
  for (const WeightsRange& range : ranges) count += range.count;
  return count * static_cast<int64_t>(sizeof(float));
}

proto::WeightsSource ToProto(const WeightsSource& source) {
  proto::WeightsSource message;
  message.set_policy_version(source.policy_version);
  message.set_nonce(source.nonce);
  message.set_address(source.address);
  message.set_host(source.host);
  message.set_pid(source.pid);
  message.set_fd(source.fd);
  for (const WeightsRange& range : source.ranges) {
    proto::WeightsRange* added = message.add_ranges();
    added->set_begin(range.begin);
    added->set_count(range.count);
  }
  return message;
}

StatusOr<WeightsSource> FromProto(const proto::WeightsSource& message) {
  if (message.address().empty()) return Bad(message, "the address is empty");
  if (message.pid() < 1 || message.fd() < 0) {
    return Bad(message,
               absl::StrCat("no process ", message.pid(), " has a file descriptor ", message.fd()));
  }
  WeightsSource source{.policy_version = message.policy_version(),
                       .nonce = message.nonce(),
                       .address = message.address(),
                       .host = message.host(),
                       .pid = message.pid(),
                       .fd = message.fd()};
  int64_t total = 0;
  for (const proto::WeightsRange& range : message.ranges()) {
    if (range.begin() < 0 || range.begin() > kMaxFloats || range.count() < 1 ||
        range.count() > kMaxFloats - total) {
      return Bad(message,
                 absl::StrCat("there is no range of ", range.count(), " from ", range.begin()));
    }
    total += range.count();
    source.ranges.push_back({range.begin(), range.count()});
  }
  return source;
}

std::string EncodeSource(const WeightsSource& source) {
  return ToProto(source).SerializeAsString();
}

StatusOr<WeightsSource> DecodeSource(const std::string& bytes) {
  proto::WeightsSource message;
  if (!message.ParseFromString(bytes)) {
    return absl::DataLossError("the description of a rank's weights arrived broken");
  }
  return FromProto(message);
}

Status CheckTiling(absl::Span<const WeightsSource> sources, int64_t num_floats) {
  std::vector<WeightsRange> ranges;
  for (const WeightsSource& source : sources) {
    ranges.insert(ranges.end(), source.ranges.begin(), source.ranges.end());
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const WeightsRange& a, const WeightsRange& b) { return a.begin < b.begin; });
  int64_t end = 0;
  for (const WeightsRange& range : ranges) {
    if (range.begin != end) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the ranges of the weights' sources ", range.begin < end ? "overlap" : "leave a gap",
          " at float ", std::min(range.begin, end), " of ", num_floats));
    }
    end += range.count;
  }
  if (end == num_floats) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the weights' sources have ", end, " floats, the ", "model has ", num_floats));
}

}  // namespace hone
