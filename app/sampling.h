// Many requests through one rollout engine.
#ifndef HONE_APP_SAMPLING_H_
#define HONE_APP_SAMPLING_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "app/command.h"
#include "base/status.h"
#include "config/experiment.h"
#include "rollout/engine/engine.h"

namespace hone {

// --dtype, --device and --inexact: how an engine decodes.
struct DecoderFlags {
  std::string dtype = "float32", device = "cpu";
  bool inexact = false;
};
void AddDecoderFlags(CLI::App* app, DecoderFlags* flags);
StatusOr<DecoderOptions> ParseDecoder(const DecoderFlags& flags);
// Those of a run's workers. InvalidArgument where this machine cannot decode so.
StatusOr<DecoderOptions> DecoderOptionsOf(const Experiment& experiment);

// A KV cache that holds `max_sequences` sequences of `longest` tokens (prompt and completion), or
// as much of that as half of the free memory allows, of the GPU where it is there; one sequence
// always fits.
EngineOptions SizeEngine(const ModelConfig& config, int max_sequences, int64_t longest,
                         const DecoderOptions& decoder);

// Runs all requests, whose prompt ids must differ, and calls `done` for each in their order, as
// soon as it and those before it are complete. The engine is given a bounded number at a time.
// Cancelled when `stop` is raised; an error of `done` ends it as well.
Status SampleAll(Engine* engine, std::vector<GenerateRequest> requests,
                 const std::atomic<bool>& stop,
                 absl::FunctionRef<Status(const FinishedRequest&)> done);

}  // namespace hone

#endif  // HONE_APP_SAMPLING_H_
