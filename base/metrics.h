// Numbers that a process keeps about itself, for Prometheus: counters, gauges and histograms, each
// with a name and labels, and their text exposition (format 0.0.4).
//
// Thread safety: all functions may be called from any thread. An instrument's own functions take no
// lock; finding one by its name does, so callers on a hot path keep the reference.
// Invariants: an instrument lives as long as its registry, and its number never gets lost: what is
// read while others write is some state between.
#ifndef HONE_BASE_METRICS_H_
#define HONE_BASE_METRICS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"

namespace hone {

// A number that only grows; `n` is not negative.
class Counter {
 public:
  void Add(double n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double n) { value_.fetch_add(n, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// How often a value fell at or below each bound.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds)
      : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

  void Observe(double value);
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  const std::vector<double>& bounds() const { return bounds_; }
  // Of the values above bound i − 1 and not above bound i; the last has no upper bound.
  uint64_t count(size_t i) const { return counts_[i].load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;  // ascending
  std::vector<std::atomic<uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

// 1e-5 to 100 s, three a decade.
std::vector<double> SecondsBounds();

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

class MetricsRegistry {
 public:
  // The instrument of this name and these labels, made when first asked for. By Prometheus' custom
  // a name begins with hone_, has its unit in it, and a counter's ends with _total. Names are
  // literals of [a-zA-Z0-9_:]; a label's value may be any text, but each one makes a new series: so
  // only values of a small fixed set. A name has one kind, help and bounds, those of the first
  // call: asking for another kind is a bug and ends the process.
  Counter& GetCounter(absl::string_view name, absl::string_view help,
                      const MetricLabels& labels = {});
  Gauge& GetGauge(absl::string_view name, absl::string_view help, const MetricLabels& labels = {});
  Histogram& GetHistogram(absl::string_view name, absl::string_view help,
                          absl::Span<const double> bounds, const MetricLabels& labels = {});

  // `collect` sets what is cheaper to look up now and then than to keep; it is called before each
  // exposition, one at a time, and must not add collectors.
  void AddCollector(std::function<void()> collect);

  // All of them, sorted by name and labels.
  std::string Text();

 private:
  enum class Kind { kCounter, kGauge, kHistogram };
  struct Series {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };
  struct Family {
    Kind kind = Kind::kCounter;
    std::string help;
    std::vector<double> bounds;
    std::map<std::string, Series> series;  // by labels as they are written, without braces
  };

  Series& Find(Kind kind, absl::string_view name, absl::string_view help,
               absl::Span<const double> bounds, const MetricLabels& labels)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Append(absl::string_view name, const Family& family, std::string* out);

  absl::Mutex collect_mutex_;  // held while collecting, before mutex_
  std::vector<std::function<void()>> collectors_ ABSL_GUARDED_BY(collect_mutex_);
  absl::Mutex mutex_;
  std::map<std::string, Family, std::less<>> families_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hone

#endif  // HONE_BASE_METRICS_H_
