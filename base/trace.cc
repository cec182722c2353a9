#include "base/trace.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/log.h"

namespace hone {
namespace {

// The longest event, about.
constexpr int64_t kEventBytes = 1024;

}  // namespace

StatusOr<std::unique_ptr<Trace>> Trace::Open(TraceOptions options) {
  std::unique_ptr<Trace> trace(new Trace(std::move(options)));
  absl::MutexLock lock(&trace->mutex_);
  HONE_RETURN_IF_ERROR(trace->Begin());
  return trace;
}

Trace::~Trace() {
  absl::MutexLock lock(&mutex_);
  End();
}

Status Trace::Begin() {
  file_ = std::fopen(options_.path.c_str(), "w");
  if (file_ == nullptr) return FromErrno(errno, absl::StrCat("cannot write ", options_.path));
  bytes_ = 0;
  for (size_t i = 0; i < options_.tracks.size(); ++i) {
    Write(absl::StrCat(i == 0 ? "[\n" : ",\n", R"({"name":"thread_name","ph":"M","pid":1,"tid":)",
                       i, R"(,"args":{"name":")", options_.tracks[i], "\"}}"));
  }
  return absl::OkStatus();
}

void Trace::End() {
  if (file_ == nullptr) return;
  Write("\n]\n");
  if (file_ != nullptr) std::fclose(file_);
  file_ = nullptr;
}

void Trace::Write(absl::string_view text) {
  bytes_ += static_cast<int64_t>(text.size());
  if (std::fwrite(text.data(), 1, text.size(), file_) == text.size()) return;
  LogWarning(absl::StrCat("the timeline ", options_.path,
                          " ends here: ", FromErrno(errno, "cannot write").message()));
  std::fclose(file_);
  file_ = nullptr;
}

void Trace::Span(absl::string_view name, int track, absl::Time begin, absl::Time end,
                 Arguments arguments) {
  std::string event = absl::StrCat(",\n{\"name\":\"", name, R"(","ph":"X","pid":1,"tid":)", track,
                                   ",\"ts\":", absl::ToUnixMicros(begin),
                                   ",\"dur\":", absl::ToInt64Microseconds(end - begin));
  const char* separator = ",\"args\":{\"";
  for (const auto& [key, value] : arguments) {
    absl::StrAppend(&event, separator, key, "\":", value);
    separator = ",\"";
  }
  event += arguments.size() > 0 ? "}}" : "}";

  absl::MutexLock lock(&mutex_);
  if (file_ == nullptr) return;
  if (bytes_ + kEventBytes > options_.max_bytes / 2) {
    End();
    // A predecessor that cannot be kept is given up.
    if (std::rename(options_.path.c_str(), absl::StrCat(options_.path, ".old").c_str()) != 0 ||
        !Begin().ok()) {
      file_ = nullptr;
      return;
    }
  }
  Write(event);
}

}  // namespace hone
