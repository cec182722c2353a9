// A timeline of a process as a file in Chrome's trace format, for chrome://tracing or
// ui.perfetto.dev: spans on named tracks, times in microseconds of the given clock.
//
// Thread safety: all functions may be called from any thread.
// Invariants: the file and its predecessor never exceed the limit together; a process that is
// killed leaves a file without its closing bracket, which the viewers accept.
#ifndef HONE_BASE_TRACE_H_
#define HONE_BASE_TRACE_H_

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/status.h"

namespace hone {

struct TraceOptions {
  std::string path;                       // .json
  std::vector<std::string> tracks;        // their names; a track is named by its index
  int64_t max_bytes = int64_t{32} << 20;  // when half is full the file becomes PATH.old, and anew
};

class Trace {
 public:
  using Arguments = std::initializer_list<std::pair<absl::string_view, int64_t>>;

  // Names are plain words: they are not escaped. Unavailable when the file cannot be written.
  static StatusOr<std::unique_ptr<Trace>> Open(TraceOptions options);
  ~Trace();

  // Something that took from `begin` to `end`. Where writing fails, as on a full disk, the timeline
  // ends; the process goes on.
  void Span(absl::string_view name, int track, absl::Time begin, absl::Time end,
            Arguments arguments = {});

 private:
  explicit Trace(TraceOptions options) : options_(std::move(options)) {}

  Status Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Write(absl::string_view text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const TraceOptions options_;
  absl::Mutex mutex_;
  std::FILE* file_ ABSL_GUARDED_BY(mutex_) = nullptr;  // null once writing has failed
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace hone

#endif  // HONE_BASE_TRACE_H_
