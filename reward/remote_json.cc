#include "reward/remote_json.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "data/json_text.h"
#include "data/utf8.h"
#include "nlohmann/json.hpp"
#include "reward/shown.h"

namespace hone {
namespace {

using nlohmann::json;

// Scores lie three levels deep; what is deeper is not kept, so that brackets cost no memory.
constexpr int kMaxDepth = 3;
constexpr size_t kMaxDetailBytes = 4096;

Verdict Wrong(absl::string_view what) {
  return {.outcome = Outcome::kError,
          .detail = absl::StrCat("remote: the service's score ", what,
                                 "; see docs/rewards.md for what it must be")};
}

Verdict ReadScore(const json& score) {
  if (!score.is_object()) return Wrong("is no object");
  const auto outcome = score.find("outcome");
  if (outcome == score.end() || !outcome->is_string()) return Wrong("has no text `outcome`");
  const StatusOr<Outcome> parsed = ParseOutcome(outcome->get_ref<const std::string&>());
  if (!parsed.ok()) {
    return Wrong(absl::StrCat("has the outcome \"", Shown(outcome->get_ref<const std::string&>()),
                              "\", which is none of correct, incorrect, unparseable, timeout and "
                              "error"));
  }
  const auto reward = score.find("reward");
  const bool has_reward = reward != score.end() && reward->is_number();
  if (!has_reward && !IsVerifierFailure(*parsed)) return Wrong("has no number `reward`");
  const auto detail = score.find("detail");
  const bool has_detail = detail != score.end() && detail->is_string();
  return RemoteVerdict(*parsed, has_reward ? reward->get<double>() : 0,
                       has_detail ? detail->get_ref<const std::string&>() : std::string());
}

}  // namespace

std::string RemoteRequest(absl::Span<const JudgeItem> items) {
  std::string out = "{\"items\":[";
  for (const JudgeItem& item : items) {
    if (out.back() == '}') out += ",";
    out += "{\"prompt\":";
    AppendJsonString(item.prompt, &out);
    out += ",\"completion\":";
    AppendJsonString(item.completion, &out);
    out += ",\"answer\":";
    AppendJsonString(item.answer, &out);
    if (item.context.completion_tokens >= 0) {
      absl::StrAppend(&out, ",\"completion_tokens\":", item.context.completion_tokens);
    }
    out += "}";
  }
  return out + "]}";
}

StatusOr<std::vector<Verdict>> ReadRemoteResponse(absl::string_view body, size_t num_items) {
  json response;
  try {
    response = json::parse(body.begin(), body.end(), [](int depth, json::parse_event_t, json&) {
      return depth <= kMaxDepth;
    });
  } catch (const json::exception& e) {
    // Python's NaN and Infinity end here, too: JSON has neither.
    return absl::InvalidArgumentError(
        absl::StrCat("answered what is no JSON, \"", Shown(body), "\": ", Shown(e.what()),
                     "; let it answer {\"scores\": [...]} with finite numbers"));
  }
  const auto scores = response.is_object() ? response.find("scores") : response.end();
  if (scores == response.end() || !scores->is_array()) {
    return absl::InvalidArgumentError(absl::StrCat("answered without a list `scores`, \"",
                                                   Shown(body),
                                                   "\"; let it answer {\"scores\": [...]}"));
  }
  if (scores->size() != num_items) return WrongCount(scores->size(), num_items);
  std::vector<Verdict> verdicts;
  verdicts.reserve(num_items);
  for (const json& score : *scores) verdicts.push_back(ReadScore(score));
  return verdicts;
}

Verdict RemoteVerdict(Outcome outcome, double reward, absl::string_view detail) {
  std::string cut(detail.substr(0, kMaxDetailBytes));
  if (IsVerifierFailure(outcome)) {
    return {.outcome = outcome, .reward = 0, .detail = ToValidUtf8(cut)};
  }
  // Negated so that a NaN fails too.
  if (!(std::abs(reward) <= kMaxRemoteReward)) {
    return Wrong(absl::StrCat("has the reward ", reward, ", not from -", kMaxRemoteReward, " to ",
                              kMaxRemoteReward));
  }
  return {.outcome = outcome, .reward = reward, .detail = ToValidUtf8(cut)};
}

Status WrongCount(size_t num_scores, size_t num_items) {
  return absl::InvalidArgumentError(
      absl::StrCat("answered ", num_scores, " scores for ", num_items,
                   " items; let it answer one for each, in the same order"));
}

}  // namespace hone
