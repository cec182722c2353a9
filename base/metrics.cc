#include "base/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/log.h"

namespace hone {
namespace {

constexpr absl::string_view kKindNames[] = {"counter", "gauge", "histogram"};

// The fewest digits that read back as the same value.
std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, end.ptr);
}

std::string LabelsText(const MetricLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    absl::StrAppend(&text, text.empty() ? "" : ",", name, "=\"",
                    absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
                    "\"");
  }
  return text;
}

void AppendSample(absl::string_view name, absl::string_view suffix, absl::string_view labels,
                  absl::string_view more_labels, double value, std::string* out) {
  absl::StrAppend(out, name, suffix);
  if (!labels.empty() || !more_labels.empty()) {
    absl::StrAppend(out, "{", labels, labels.empty() || more_labels.empty() ? "" : ",", more_labels,
                    "}");
  }
  absl::StrAppend(out, " ", NumberText(value), "\n");
}

}  // namespace

void Histogram::Observe(double value) {
  const size_t i = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[i].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<double> SecondsBounds() {
  return {1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02,
          0.05, 0.1,  0.2,  0.5,  1,    2,    5,    10,   20,   50,   100};
}

MetricsRegistry::Series& MetricsRegistry::Find(Kind kind, absl::string_view name,
                                               absl::string_view help,
                                               absl::Span<const double> bounds,
                                               const MetricLabels& labels) {
  auto family = families_.find(name);
  if (family == families_.end()) {
    family =
        families_
            .emplace(std::string(name),
                     Family{kind, std::string(help), {bounds.begin(), bounds.end()}, /*series=*/{}})
            .first;
  }
  if (family->second.kind != kind) {
    LogError(absl::StrCat("the metric ", name, " is asked for as two kinds"));
    std::abort();
  }
  return family->second.series[LabelsText(labels)];
}

Counter& MetricsRegistry::GetCounter(absl::string_view name, absl::string_view help,
                                     const MetricLabels& labels) {
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<Counter>& counter = Find(Kind::kCounter, name, help, {}, labels).counter;
  if (counter == nullptr) counter = std::make_unique<Counter>();
  return *counter;
}

Gauge& MetricsRegistry::GetGauge(absl::string_view name, absl::string_view help,
                                 const MetricLabels& labels) {
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<Gauge>& gauge = Find(Kind::kGauge, name, help, {}, labels).gauge;
  if (gauge == nullptr) gauge = std::make_unique<Gauge>();
  return *gauge;
}

Histogram& MetricsRegistry::GetHistogram(absl::string_view name, absl::string_view help,
                                         absl::Span<const double> bounds,
                                         const MetricLabels& labels) {
  absl::MutexLock lock(&mutex_);
  Series& series = Find(Kind::kHistogram, name, help, bounds, labels);
  if (series.histogram == nullptr) {
    series.histogram = std::make_unique<Histogram>(families_.find(name)->second.bounds);
  }
  return *series.histogram;
}

void MetricsRegistry::AddCollector(std::function<void()> collect) {
  absl::MutexLock lock(&collect_mutex_);
  collectors_.push_back(std::move(collect));
}

void MetricsRegistry::Append(absl::string_view name, const Family& family, std::string* out) {
  absl::StrAppend(out, "# HELP ", name, " ",
                  absl::StrReplaceAll(family.help, {{"\\", "\\\\"}, {"\n", "\\n"}}), "\n# TYPE ",
                  name, " ", kKindNames[static_cast<int>(family.kind)], "\n");
  for (const auto& [labels, series] : family.series) {
    if (series.counter != nullptr) AppendSample(name, "", labels, "", series.counter->value(), out);
    if (series.gauge != nullptr) AppendSample(name, "", labels, "", series.gauge->value(), out);
    if (series.histogram == nullptr) continue;
    const Histogram& histogram = *series.histogram;
    uint64_t count = 0;  // at or below the bound
    for (size_t i = 0; i <= histogram.bounds().size(); ++i) {
      count += histogram.count(i);
      const std::string bound =
          i < histogram.bounds().size() ? NumberText(histogram.bounds()[i]) : "+Inf";
      AppendSample(name, "_bucket", labels, absl::StrCat("le=\"", bound, "\""),
                   static_cast<double>(count), out);
    }
    AppendSample(name, "_sum", labels, "", histogram.sum(), out);
    AppendSample(name, "_count", labels, "", static_cast<double>(count), out);
  }
}

std::string MetricsRegistry::Text() {
  {
    absl::MutexLock lock(&collect_mutex_);
    for (const std::function<void()>& collect : collectors_) collect();
  }
  absl::MutexLock lock(&mutex_);
  std::string out;
  for (const auto& [name, family] : families_) Append(name, family, &out);
  return out;
}

}  // namespace hone
