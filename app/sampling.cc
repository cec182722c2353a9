#include "app/sampling.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "app/model_folder.h"
#include "app/process.h"
#include "rollout/engine/kv_cache.h"

namespace hone {
namespace {

// Samples that wait in the engine besides those it decodes, so that it never runs short.
constexpr int kQueuedSamples = 1024;
// Requests that may be complete while an earlier one is not.
constexpr size_t kMaxHeld = 4096;

}  // namespace

void AddDecoderFlags(CLI::App* app, DecoderFlags* flags) {
  app->add_option("--dtype", flags->dtype, kDtypeHelp)->capture_default_str();
  app->add_option("--device", flags->device, "cpu, or cuda: a GPU, in a program built for it")
      ->capture_default_str();
  app->add_flag("--inexact", flags->inexact,
                "on cuda: faster kernels, whose sums have another order than the CPU's");
}

StatusOr<DecoderOptions> ParseDecoder(const DecoderFlags& flags) {
  DecoderOptions options;
  HONE_ASSIGN_OR_RETURN(options.precision, ParsePrecision(flags.dtype));
  HONE_ASSIGN_OR_RETURN(options.device, ParseDevice(flags.device));
  options.exact = !flags.inexact;
  return options;
}

StatusOr<DecoderOptions> DecoderOptionsOf(const Experiment& experiment) {
  DecoderOptions options;
  options.precision = PrecisionOf(experiment.model);
  HONE_ASSIGN_OR_RETURN(options.device, ParseDevice(experiment.resources.rollout.device));
  options.exact = experiment.resources.rollout.exact;
  return options;
}

EngineOptions SizeEngine(const ModelConfig& config, int max_sequences, int64_t longest,
                         const DecoderOptions& decoder) {
  longest = std::min<int64_t>(longest, config.max_position_embeddings);
  const int64_t sequence_blocks = BlocksFor(longest) + 1;  // one for the prompt's open block
  EngineOptions options;
  options.max_sequences = max_sequences;
  options.decoder = decoder;
  options.kv_cache_tokens = kKvBlockTokens;
  const int64_t free_bytes =
      decoder.device == Device::kCpu ? AvailableMemoryBytes() : ExamineGpu(decoder).free_bytes;
  const int64_t affordable = free_bytes / 2 / KvCacheBytes(config, options);
  const int64_t blocks =
      std::max(sequence_blocks, std::min(max_sequences * sequence_blocks, affordable));
  options.kv_cache_tokens =
      static_cast<int>(std::min<int64_t>(blocks * kKvBlockTokens, int64_t{1} << 30));
  return options;
}

Status SampleAll(Engine* engine, std::vector<GenerateRequest> requests,
                 const std::atomic<bool>& stop,
                 absl::FunctionRef<Status(const FinishedRequest&)> done) {
  absl::flat_hash_map<uint64_t, size_t> place;
  for (size_t i = 0; i < requests.size(); ++i) place[requests[i].prompt_id] = i;
  std::vector<std::optional<FinishedRequest>> held(requests.size());
  std::vector<FinishedRequest> finished;
  size_t added = 0, written = 0;
  while (written < requests.size()) {
    if (stop) return absl::CancelledError("stopped");
    while (added < requests.size() && added - written < kMaxHeld &&
           engine->num_sequences() < kQueuedSamples) {
      HONE_RETURN_IF_ERROR(engine->Add(std::move(requests[added++])));
    }
    finished.clear();
    engine->Step(&finished);
    for (FinishedRequest& request : finished) {
      held[place[request.prompt_id]] = std::move(request);
    }
    for (; written < held.size() && held[written].has_value(); ++written) {
      HONE_RETURN_IF_ERROR(done(*held[written]));
      held[written].reset();
    }
  }
  return absl::OkStatus();
}

}  // namespace hone
