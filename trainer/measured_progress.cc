#include "trainer/measured_progress.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace hone {
namespace {

std::string MetricName(const std::string& key) {
  std::string name = absl::StrCat("hone_step_", key);
  for (char& c : name) {
    if (!absl::ascii_isalnum(c)) c = '_';
  }
  return name;
}

class MeasuredProgress : public Progress {
 public:
  MeasuredProgress(std::unique_ptr<Progress> shown, MetricsRegistry* registry)
      : shown_(std::move(shown)),
        registry_(registry),
        step_(registry->GetGauge("hone_trainer_step", "Steps done, over all stages.")),
        version_(registry->GetGauge("hone_trainer_policy_version", "Of the last step.")),
        stage_step_(registry->GetGauge("hone_trainer_stage_step", "Steps done of the stage.")),
        stage_steps_(registry->GetGauge("hone_trainer_stage_steps", "Steps of the stage.")) {}

  void StartStage(const std::string& stage, int64_t done, int64_t total) override {
    stage_step_.Set(static_cast<double>(done));
    stage_steps_.Set(static_cast<double>(total));
    shown_->StartStage(stage, done, total);
  }
  void Phase(const std::string& what) override { shown_->Phase(what); }
  void Step(int64_t done, const StepMetrics& metrics) override {
    step_.Set(static_cast<double>(metrics.step));
    version_.Set(static_cast<double>(metrics.policy_version));
    stage_step_.Set(static_cast<double>(done));
    for (const auto& [key, value] : metrics.values) {
      registry_->GetGauge(MetricName(key), absl::StrCat(key, " of the last step.")).Set(value);
    }
    shown_->Step(done, metrics);
  }
  void Say(const std::string& line) override { shown_->Say(line); }

 private:
  const std::unique_ptr<Progress> shown_;
  MetricsRegistry* const registry_;
  Gauge& step_;
  Gauge& version_;
  Gauge& stage_step_;
  Gauge& stage_steps_;
};

}  // namespace

std::unique_ptr<Progress> MeasureProgress(std::unique_ptr<Progress> shown,
                                          MetricsRegistry* registry) {
  return std::make_unique<MeasuredProgress>(std::move(shown), registry);
}

}  // namespace hone
