#include "rollout/worker_metrics.h"

namespace hone {

WorkerMetrics::WorkerMetrics(int max_sequences, MetricsRegistry* registry)
    : generated_(
          registry->GetCounter("hone_rollout_generated_tokens_total", "Tokens that were sampled.")),
      prefilled_(registry->GetCounter("hone_rollout_prefilled_tokens_total",
                                      "Tokens of prompts and preempted samples, computed.")),
      preemptions_(registry->GetCounter("hone_rollout_preemptions_total",
                                        "Samples that gave up their blocks.")),
      drafted_(registry->GetCounter("hone_rollout_drafted_tokens_total",
                                    "Guessed tokens that went through the model.")),
      accepted_(registry->GetCounter("hone_rollout_accepted_tokens_total",
                                     "Guessed tokens that were right.")),
      running_(registry->GetGauge("hone_rollout_running_sequences", "Samples in work.")),
      queued_(registry->GetGauge("hone_rollout_queued_sequences", "Samples that wait.")),
      kv_used_(registry->GetGauge("hone_rollout_kv_blocks_used", "KV blocks in use.")),
      kv_blocks_(registry->GetGauge("hone_rollout_kv_blocks", "KV blocks, of 16 tokens.")),
      version_(registry->GetGauge("hone_rollout_policy_version", "Of the weights.")),
      step_(registry->GetHistogram("hone_rollout_step_seconds", "Steps of the engine.",
                                   SecondsBounds())),
      load_(registry->GetHistogram("hone_rollout_weights_load_seconds",
                                   "Fetching and packing a version.", SecondsBounds())),
      swap_(registry->GetHistogram("hone_rollout_weights_swap_seconds",
                                   "The pause in which a version takes effect.", SecondsBounds())) {
  registry->GetGauge("hone_rollout_max_sequences", "Samples that may run together.")
      .Set(max_sequences);
}

void WorkerMetrics::Step(const EngineStats& before, const EngineStats& after, double seconds) {
  const auto add = [&](Counter& counter, int64_t EngineStats::*count) {
    counter.Add(static_cast<double>(after.*count - before.*count));
  };
  add(generated_, &EngineStats::generated_tokens);
  add(prefilled_, &EngineStats::prefilled_tokens);
  add(preemptions_, &EngineStats::preemptions);
  add(drafted_, &EngineStats::drafted_tokens);
  add(accepted_, &EngineStats::accepted_tokens);
  running_.Set(after.running_sequences);
  queued_.Set(after.queued_sequences);
  kv_used_.Set(static_cast<double>(after.kv_blocks_used));
  kv_blocks_.Set(static_cast<double>(after.kv_blocks));
  step_.Observe(seconds);
}

void WorkerMetrics::NewWeights(uint64_t version, absl::Duration load, absl::Duration swap) {
  version_.Set(static_cast<double>(version));
  load_.Observe(absl::ToDoubleSeconds(load));
  swap_.Observe(absl::ToDoubleSeconds(swap));
}

}  // namespace hone
