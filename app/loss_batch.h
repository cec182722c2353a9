// The JSON of `hone loss`: recorded numbers in, what an algorithm makes of them out.
//
//   in   {"algorithm": {…} or "preset", "rewards": [B], "groups": [B], "logprobs": [B][T],
//         "old_logprobs": [B][T], "mask": [B][T], "ref_logprobs"?, "rollout_logprobs"?,
//         "entropies"?: [B][T]}
//   out  {"loss", "advantages": [B], "gradient": [B][T], "entropy_gradient"?: [B][T], "metrics"}
//
// Groups are integers or strings, masks 0 and 1 or false and true; rows may differ in length. A KL
// needs ref_logprobs, a correction rollout_logprobs, an entropy bonus entropies.
#ifndef HONE_APP_LOSS_BATCH_H_
#define HONE_APP_LOSS_BATCH_H_

#include <string>

#include "base/status.h"
#include "nlohmann/json.hpp"

namespace hone {

// The output's text for an input. Errors are InvalidArgument: `where`, then the field, with the
// index of what is wrong.
StatusOr<std::string> EvaluateLossBatch(const nlohmann::json& input, const std::string& where);

}  // namespace hone

#endif  // HONE_APP_LOSS_BATCH_H_
