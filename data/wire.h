// The records as messages of proto/hone.proto, and back. ToProto never fails. FromProto trusts
// nothing: what another process sent is checked here, so that the code behind it need not.
// InvalidArgument says which field of which message is wrong.
#ifndef HONE_DATA_WIRE_H_
#define HONE_DATA_WIRE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "config/experiment.h"
#include "data/records.h"
#include "proto/hone.pb.h"

namespace hone {

// A group as a lease names it: the samples to make.
struct GroupOrder {
  uint64_t prompt_id = 0;
  std::vector<int32_t> prompt_tokens;
  int num_samples = 0;
};

// A group as a worker hands it in.
struct GroupResult {
  uint64_t prompt_id = 0;
  std::vector<Completion> completions = {};  // sample indices 0, 1, …
  std::string error = {};                    // why there are none
};

proto::FinishReason ToProto(FinishReason reason);
StatusOr<FinishReason> FromProto(proto::FinishReason reason);

proto::Outcome ToProto(Outcome outcome);
StatusOr<Outcome> FromProto(proto::Outcome outcome);

proto::SamplingParams ToProto(const SamplingParams& params);
StatusOr<SamplingParams> FromProto(const proto::SamplingParams& message);

// Tokens and log-probs must be equally many, the log-probs finite; versions, if any, must ascend
// and cover the tokens.
proto::Completion ToProto(const Completion& completion);
StatusOr<Completion> FromProto(const proto::Completion& message);

// What a reward service judges. Texts become valid UTF-8: a protobuf string that is not would make
// the whole call fail at the receiver.
// A negative number of tokens: not known.
proto::ScoreItem ToProto(const Problem& problem, absl::string_view completion,
                         int64_t completion_tokens);

proto::Score ToProto(const Score& score);  // the detail as valid UTF-8
StatusOr<Score> FromProto(const proto::Score& message);

proto::RewardTerm ToProto(const RewardSpec& term);
StatusOr<RewardSpec> FromProto(const proto::RewardTerm& message);

proto::Group ToProto(const Prompt& prompt, int num_samples);
StatusOr<GroupOrder> FromProto(const proto::Group& message);

// There must be either an error or completions, with the sample indices 0, 1, … in this order.
proto::FinishedGroup ToProto(const GroupResult& result);
StatusOr<GroupResult> FromProto(const proto::FinishedGroup& message);

}  // namespace hone

#endif  // HONE_DATA_WIRE_H_
