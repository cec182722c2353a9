// Many requests through one rollout engine.
#ifndef HONE_APP_SAMPLING_H_
#define HONE_APP_SAMPLING_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/status.h"
#include "rollout/engine/engine.h"

namespace hone {

// A KV cache that holds `max_sequences` sequences of `longest` tokens (prompt and completion), or
// as much of that as half of the free memory allows; one sequence always fits.
EngineOptions SizeEngine(const ModelConfig& config, int max_sequences, int64_t longest,
                         const DecoderOptions& decoder = {});

// Runs all requests, whose prompt ids must differ, and calls `done` for each in their order, as
// soon as it and those before it are complete. The engine is given a bounded number at a time.
// Cancelled when `stop` is raised; an error of `done` ends it as well.
Status SampleAll(Engine* engine, std::vector<GenerateRequest> requests,
                 const std::atomic<bool>& stop,
                 absl::FunctionRef<Status(const FinishedRequest&)> done);

}  // namespace hone

#endif  // HONE_APP_SAMPLING_H_
