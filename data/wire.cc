#include "data/wire.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "config/load.h"
#include "data/utf8.h"

namespace hone {
namespace {

// One message for all bad fields: "Completion.tokens: …".
template <typename... Args>
Status Bad(absl::string_view field, const Args&... problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem...));
}

template <typename Repeated>
Status CheckTokens(absl::string_view field, const Repeated& tokens) {
  for (int i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0) return Bad(field, "negative token ", tokens[i], " at position ", i);
  }
  return absl::OkStatus();
}

template <typename Repeated>
Status CheckFinite(absl::string_view field, const Repeated& numbers) {
  for (int i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i])) {
      return Bad(field, "must be finite, is ", numbers[i], " at position ", i);
    }
  }
  return absl::OkStatus();
}

StatusOr<std::vector<VersionSpan>> VersionsFromProto(const proto::Completion& message) {
  std::vector<VersionSpan> versions;
  int64_t rest = message.tokens_size();
  for (const proto::VersionSpan& span : message.versions()) {
    if (!versions.empty() && span.version() <= versions.back().version) {
      return Bad("Completion.versions", span.version(), " follows ", versions.back().version);
    }
    if (span.tokens() < 1 || span.tokens() > rest) {
      return Bad("Completion.versions", span.tokens(), " tokens where ", rest, " are left");
    }
    rest -= span.tokens();
    versions.push_back({span.version(), span.tokens()});
  }
  if (!versions.empty() && rest > 0) return Bad("Completion.versions", rest, " tokens have none");
  return versions;
}

}  // namespace

proto::FinishReason ToProto(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return proto::FINISH_STOP;
    case FinishReason::kLength:
      return proto::FINISH_LENGTH;
  }
  return proto::FINISH_UNSPECIFIED;
}

StatusOr<FinishReason> FromProto(proto::FinishReason reason) {
  switch (reason) {
    case proto::FINISH_STOP:
      return FinishReason::kStop;
    case proto::FINISH_LENGTH:
      return FinishReason::kLength;
    default:
      return Bad("FinishReason", "unknown value ", static_cast<int>(reason));
  }
}

proto::Outcome ToProto(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCorrect:
      return proto::OUTCOME_CORRECT;
    case Outcome::kIncorrect:
      return proto::OUTCOME_INCORRECT;
    case Outcome::kUnparseable:
      return proto::OUTCOME_UNPARSEABLE;
    case Outcome::kTimeout:
      return proto::OUTCOME_TIMEOUT;
    case Outcome::kError:
      return proto::OUTCOME_ERROR;
  }
  return proto::OUTCOME_UNSPECIFIED;
}

StatusOr<Outcome> FromProto(proto::Outcome outcome) {
  switch (outcome) {
    case proto::OUTCOME_CORRECT:
      return Outcome::kCorrect;
    case proto::OUTCOME_INCORRECT:
      return Outcome::kIncorrect;
    case proto::OUTCOME_UNPARSEABLE:
      return Outcome::kUnparseable;
    case proto::OUTCOME_TIMEOUT:
      return Outcome::kTimeout;
    case proto::OUTCOME_ERROR:
      return Outcome::kError;
    default:
      return Bad("Outcome", "unknown value ", static_cast<int>(outcome));
  }
}

proto::SamplingParams ToProto(const SamplingParams& params) {
  proto::SamplingParams message;
  message.set_temperature(params.temperature);
  message.set_top_p(params.top_p);
  message.set_top_k(params.top_k);
  message.set_max_tokens(params.max_tokens);
  message.mutable_stop_tokens()->Add(params.stop_tokens.begin(), params.stop_tokens.end());
  message.set_seed(params.seed);
  return message;
}

StatusOr<SamplingParams> FromProto(const proto::SamplingParams& message) {
  if (!std::isfinite(message.temperature()) || message.temperature() < 0) {
    return Bad("SamplingParams.temperature", "must be 0 or more, is ", message.temperature());
  }
  // Negated so that a NaN fails too.
  if (!(message.top_p() > 0 && message.top_p() <= 1)) {
    return Bad("SamplingParams.top_p", "must be in (0, 1], is ", message.top_p());
  }
  if (message.top_k() < 0) {
    return Bad("SamplingParams.top_k", "must be 0 or more, is ", message.top_k());
  }
  if (message.max_tokens() < 1) {
    return Bad("SamplingParams.max_tokens", "must be 1 or more, is ", message.max_tokens());
  }
  HONE_RETURN_IF_ERROR(CheckTokens("SamplingParams.stop_tokens", message.stop_tokens()));
  SamplingParams params;
  params.temperature = message.temperature();
  params.top_p = message.top_p();
  params.top_k = message.top_k();
  params.max_tokens = message.max_tokens();
  params.stop_tokens.assign(message.stop_tokens().begin(), message.stop_tokens().end());
  params.seed = message.seed();
  return params;
}

proto::Completion ToProto(const Completion& completion) {
  proto::Completion message;
  message.set_sample_index(completion.sample_index);
  message.mutable_tokens()->Add(completion.tokens.begin(), completion.tokens.end());
  message.mutable_logprobs()->Add(completion.logprobs.begin(), completion.logprobs.end());
  message.set_finish_reason(ToProto(completion.finish_reason));
  for (const VersionSpan& span : completion.versions) {
    proto::VersionSpan& to = *message.add_versions();
    to.set_version(span.version);
    to.set_tokens(span.tokens);
  }
  return message;
}

StatusOr<Completion> FromProto(const proto::Completion& message) {
  if (message.sample_index() < 0) {
    return Bad("Completion.sample_index", "must be 0 or more, is ", message.sample_index());
  }
  if (message.tokens_size() != message.logprobs_size()) {
    return Bad("Completion.logprobs", message.logprobs_size(), " for ", message.tokens_size(),
               " tokens");
  }
  HONE_RETURN_IF_ERROR(CheckTokens("Completion.tokens", message.tokens()));
  HONE_RETURN_IF_ERROR(CheckFinite("Completion.logprobs", message.logprobs()));
  Completion completion;
  HONE_ASSIGN_OR_RETURN(completion.versions, VersionsFromProto(message));
  HONE_ASSIGN_OR_RETURN(completion.finish_reason, FromProto(message.finish_reason()));
  completion.sample_index = message.sample_index();
  completion.tokens.assign(message.tokens().begin(), message.tokens().end());
  completion.logprobs.assign(message.logprobs().begin(), message.logprobs().end());
  return completion;
}

proto::ScoreItem ToProto(const Problem& problem, absl::string_view completion,
                         int64_t completion_tokens) {
  proto::ScoreItem item;
  item.set_prompt(ToValidUtf8(problem.prompt));
  item.set_completion(ToValidUtf8(completion));
  item.set_answer(ToValidUtf8(problem.answer));
  if (completion_tokens >= 0) item.set_completion_tokens(static_cast<int32_t>(completion_tokens));
  return item;
}

proto::Score ToProto(const Score& score) {
  proto::Score message;
  message.set_outcome(ToProto(score.outcome));
  message.set_reward(score.reward);
  message.mutable_components()->Add(score.components.begin(), score.components.end());
  message.set_detail(ToValidUtf8(score.detail));
  return message;
}

StatusOr<Score> FromProto(const proto::Score& message) {
  if (!std::isfinite(message.reward())) {
    return Bad("Score.reward", "must be finite, is ", message.reward());
  }
  HONE_RETURN_IF_ERROR(CheckFinite("Score.components", message.components()));
  Score score;
  HONE_ASSIGN_OR_RETURN(score.outcome, FromProto(message.outcome()));
  score.reward = message.reward();
  score.components.assign(message.components().begin(), message.components().end());
  score.detail = message.detail();
  return score;
}

proto::RewardTerm ToProto(const RewardSpec& term) {
  proto::RewardTerm message;
  message.set_verifier(ToYaml(term));
  message.set_weight(term.weight);
  return message;
}

StatusOr<RewardSpec> FromProto(const proto::RewardTerm& message) {
  if (!std::isfinite(message.weight())) {
    return Bad("RewardTerm.weight", "must be finite, is ", message.weight());
  }
  RewardSpec term;
  HONE_ASSIGN_OR_RETURN(static_cast<VerifierSpec&>(term),
                        ParseVerifier(message.verifier(), "RewardTerm.verifier"));
  term.weight = message.weight();
  return term;
}

proto::Group ToProto(const Prompt& prompt, int num_samples) {
  proto::Group message;
  message.set_prompt_id(prompt.id);
  message.mutable_prompt_tokens()->Add(prompt.tokens.begin(), prompt.tokens.end());
  message.set_num_samples(num_samples);
  return message;
}

StatusOr<GroupOrder> FromProto(const proto::Group& message) {
  if (message.prompt_tokens().empty()) return Bad("Group.prompt_tokens", "is empty");
  HONE_RETURN_IF_ERROR(CheckTokens("Group.prompt_tokens", message.prompt_tokens()));
  if (message.num_samples() < 1) {
    return Bad("Group.num_samples", "must be 1 or more, is ", message.num_samples());
  }
  GroupOrder order;
  order.prompt_id = message.prompt_id();
  order.prompt_tokens.assign(message.prompt_tokens().begin(), message.prompt_tokens().end());
  order.num_samples = message.num_samples();
  return order;
}

proto::FinishedGroup ToProto(const GroupResult& result) {
  proto::FinishedGroup message;
  message.set_prompt_id(result.prompt_id);
  message.set_error(ToValidUtf8(result.error));
  for (const Completion& completion : result.completions) {
    *message.add_completions() = ToProto(completion);
  }
  return message;
}

StatusOr<GroupResult> FromProto(const proto::FinishedGroup& message) {
  const std::string field = absl::StrCat("FinishedGroup ", message.prompt_id());
  if (message.completions().empty() == message.error().empty()) {
    return Bad(field, "must have either completions or an error");
  }
  GroupResult result;
  result.error = message.error();
  result.prompt_id = message.prompt_id();
  for (int i = 0; i < message.completions_size(); ++i) {
    StatusOr<Completion> completion = FromProto(message.completions(i));
    if (!completion.ok()) {
      return Annotate(completion.status(), absl::StrCat(field, ", completion ", i));
    }
    if (completion->sample_index != i) {
      return Bad(field, "sample index ", completion->sample_index, " where ", i,
                 " must stand: indices go 0, 1, … without a gap");
    }
    result.completions.push_back(*std::move(completion));
  }
  return result;
}

}  // namespace hone
