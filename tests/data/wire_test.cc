#include "data/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace hone {
namespace {

using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Completion MakeCompletion(int index) {
  return {.sample_index = index,
          .tokens = {7, 0, 151643},
          .logprobs = {-0.5f, 0.0f, -1e-30f},
          .finish_reason = FinishReason::kStop};
}

// Through the bytes, as between processes.
template <typename Message>
Message OverTheWire(const Message& message) {
  Message received;
  EXPECT_TRUE(received.ParseFromString(message.SerializeAsString()));
  return received;
}

TEST(WireTest, EnumerationsRoundTrip) {
  for (Outcome outcome : {Outcome::kCorrect, Outcome::kIncorrect, Outcome::kUnparseable,
                          Outcome::kTimeout, Outcome::kError}) {
    EXPECT_EQ(FromProto(ToProto(outcome)).value(), outcome);
  }
  for (FinishReason reason : {FinishReason::kStop, FinishReason::kLength}) {
    EXPECT_EQ(FromProto(ToProto(reason)).value(), reason);
  }
}

TEST(WireTest, UnknownEnumerationsAreRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(FromProto(proto::OUTCOME_UNSPECIFIED).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(FromProto(proto::FINISH_UNSPECIFIED).status()));
  proto::Completion message = ToProto(MakeCompletion(0));
  message.set_finish_reason(static_cast<proto::FinishReason>(9));
  EXPECT_THAT(FromProto(message).status().message(), HasSubstr("unknown value 9"));
}

TEST(WireTest, SamplingParamsRoundTrip) {
  const SamplingParams params = {.temperature = 0.7f,
                                 .top_p = 0.95f,
                                 .top_k = 40,
                                 .max_tokens = 123,
                                 .stop_tokens = {1, 2},
                                 .seed = ~uint64_t{0}};
  const SamplingParams back = FromProto(OverTheWire(ToProto(params))).value();
  EXPECT_EQ(back.temperature, params.temperature);
  EXPECT_EQ(back.top_p, params.top_p);
  EXPECT_EQ(back.top_k, params.top_k);
  EXPECT_EQ(back.max_tokens, params.max_tokens);
  EXPECT_EQ(back.stop_tokens, params.stop_tokens);
  EXPECT_EQ(back.seed, params.seed);
}

TEST(WireTest, BadSamplingParamsAreRefused) {
  const auto refused = [](auto change) {
    proto::SamplingParams message = ToProto(SamplingParams{});
    EXPECT_TRUE(FromProto(message).ok());
    change(&message);
    return FromProto(message).status();
  };
  EXPECT_THAT(refused([](auto* m) { m->set_temperature(-1); }).message(), HasSubstr("temperature"));
  EXPECT_THAT(refused([](auto* m) { m->set_temperature(kNan); }).message(),
              HasSubstr("temperature"));
  EXPECT_THAT(refused([](auto* m) { m->set_top_p(0); }).message(), HasSubstr("top_p"));
  EXPECT_THAT(refused([](auto* m) { m->set_top_p(kNan); }).message(), HasSubstr("top_p"));
  EXPECT_THAT(refused([](auto* m) { m->set_top_p(1.5f); }).message(), HasSubstr("top_p"));
  EXPECT_THAT(refused([](auto* m) { m->set_top_k(-1); }).message(), HasSubstr("top_k"));
  EXPECT_THAT(refused([](auto* m) { m->set_max_tokens(0); }).message(), HasSubstr("max_tokens"));
  EXPECT_THAT(refused([](auto* m) { m->add_stop_tokens(-5); }).message(), HasSubstr("stop_tokens"));
}

TEST(WireTest, CompletionRoundTrips) {
  const Completion completion = MakeCompletion(4);
  const Completion back = FromProto(OverTheWire(ToProto(completion))).value();
  EXPECT_EQ(back.sample_index, completion.sample_index);
  EXPECT_EQ(back.tokens, completion.tokens);
  EXPECT_EQ(back.logprobs, completion.logprobs);
  EXPECT_EQ(back.finish_reason, completion.finish_reason);
}

TEST(WireTest, BadCompletionsAreRefused) {
  const auto refused = [](auto change) {
    proto::Completion message = ToProto(MakeCompletion(0));
    change(&message);
    return FromProto(message).status();
  };
  EXPECT_THAT(refused([](auto* m) { m->set_sample_index(-1); }).message(),
              HasSubstr("sample_index"));
  EXPECT_THAT(refused([](auto* m) { m->add_tokens(1); }).message(), HasSubstr("3 for 4 tokens"));
  EXPECT_THAT(refused([](auto* m) { m->add_logprobs(-1); }).message(), HasSubstr("4 for 3 tokens"));
  EXPECT_THAT(refused([](auto* m) { m->set_tokens(1, -2); }).message(),
              HasSubstr("negative token -2 at position 1"));
  EXPECT_THAT(refused([](auto* m) { m->set_logprobs(2, kNan); }).message(),
              HasSubstr("finite, is nan at position 2"));
}

TEST(WireTest, VersionsRoundTripAndMustCoverTheTokens) {
  const auto back = [](std::vector<VersionSpan> versions) {
    Completion completion = MakeCompletion(0);  // of three tokens
    completion.versions = std::move(versions);
    return FromProto(OverTheWire(ToProto(completion)));
  };
  for (const std::vector<VersionSpan>& good :
       {std::vector<VersionSpan>{}, {{5, 3}}, {{0, 1}, {7, 2}}, {{1, 1}, {2, 1}, {3, 1}}}) {
    EXPECT_EQ(back(good).value().versions, good);
  }
  EXPECT_THAT(back({{5, 2}}).status().message(), HasSubstr("1 tokens have none"));
  EXPECT_THAT(back({{5, 2}, {6, 2}}).status().message(), HasSubstr("2 tokens where 1 are left"));
  EXPECT_THAT(back({{5, 0}, {6, 3}}).status().message(), HasSubstr("0 tokens where 3 are left"));
  EXPECT_THAT(back({{5, -1}, {6, 4}}).status().message(), HasSubstr("-1 tokens"));
  EXPECT_THAT(back({{5, 1}, {5, 2}}).status().message(), HasSubstr("5 follows 5"));
  EXPECT_THAT(back({{5, 1}, {4, 2}}).status().message(), HasSubstr("4 follows 5"));
}

TEST(WireTest, AGroupThatCannotBeMadeSaysWhy) {
  const GroupResult refused = {.prompt_id = 3, .error = "too long"};
  EXPECT_EQ(FromProto(OverTheWire(ToProto(refused))).value().error, "too long");
  EXPECT_THAT(FromProto(ToProto(GroupResult{3, {MakeCompletion(0)}, "but"})).status().message(),
              HasSubstr("either completions or an error"));
}

TEST(WireTest, ScoreRoundTrips) {
  const Score score = {.outcome = Outcome::kIncorrect,
                       .reward = 0.1,
                       .components = {0.0, 1.0},
                       .detail = "got 7, wanted 24"};
  const Score back = FromProto(OverTheWire(ToProto(score))).value();
  EXPECT_EQ(back.outcome, score.outcome);
  EXPECT_EQ(back.reward, score.reward);
  EXPECT_EQ(back.components, score.components);
  EXPECT_EQ(back.detail, score.detail);
}

TEST(WireTest, BadScoresAreRefused) {
  proto::Score message = ToProto(Score());
  message.set_outcome(proto::OUTCOME_CORRECT);
  message.set_reward(std::numeric_limits<double>::infinity());
  EXPECT_THAT(FromProto(message).status().message(), HasSubstr("Score.reward"));
  message.set_reward(1);
  message.add_components(kNan);
  EXPECT_THAT(FromProto(message).status().message(), HasSubstr("Score.components"));
  message.clear_components();
  message.clear_outcome();
  EXPECT_THAT(FromProto(message).status().message(), HasSubstr("Outcome"));
}

TEST(WireTest, TextThatIsNotUtf8ArrivesMarked) {
  const Problem problem = {.prompt = "p", .answer = "{}"};
  const proto::ScoreItem item = OverTheWire(ToProto(problem, "ab\xE2\x82", 2));
  EXPECT_EQ(item.completion(), "ab\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(item.completion_tokens(), 2);
  Score score;
  score.detail = "\xFF";
  EXPECT_EQ(OverTheWire(ToProto(score)).detail(), "\xEF\xBF\xBD");
}

TEST(WireTest, RewardTermRoundTrips) {
  RewardSpec term;
  term.name = "countdown";
  term.weight = 0.25;
  const RewardSpec back = FromProto(OverTheWire(ToProto(term))).value();
  EXPECT_EQ(back.name, term.name);
  EXPECT_EQ(back.weight, term.weight);

  term.name = "";
  EXPECT_THAT(FromProto(ToProto(term)).status().message(), HasSubstr("RewardTerm.verifier"));
  term.name = "format";
  term.weight = kNan;
  EXPECT_THAT(FromProto(ToProto(term)).status().message(), HasSubstr("weight"));
}

TEST(WireTest, GroupOrderRoundTrips) {
  const Prompt prompt = {.id = uint64_t{1} << 63, .problem = {}, .tokens = {5, 6}};
  const GroupOrder order = FromProto(OverTheWire(ToProto(prompt, 16))).value();
  EXPECT_EQ(order.prompt_id, prompt.id);
  EXPECT_EQ(order.prompt_tokens, prompt.tokens);
  EXPECT_EQ(order.num_samples, 16);

  EXPECT_THAT(FromProto(ToProto(prompt, 0)).status().message(), HasSubstr("num_samples"));
  EXPECT_THAT(FromProto(ToProto(Prompt{}, 1)).status().message(), HasSubstr("prompt_tokens"));
  EXPECT_THAT(
      FromProto(ToProto(Prompt{.id = 0, .problem = {}, .tokens = {-1}}, 1)).status().message(),
      HasSubstr("negative token"));
}

TEST(WireTest, GroupResultRoundTrips) {
  const std::vector<Completion> completions = {MakeCompletion(0), MakeCompletion(1)};
  const GroupResult result = FromProto(OverTheWire(ToProto(GroupResult{9, completions}))).value();
  EXPECT_EQ(result.prompt_id, 9u);
  ASSERT_EQ(result.completions.size(), 2u);
  EXPECT_EQ(result.completions[1].sample_index, 1);
  EXPECT_EQ(result.completions[1].tokens, completions[1].tokens);
}

TEST(WireTest, GroupResultsWithGapsAreRefused) {
  EXPECT_FALSE(FromProto(ToProto(GroupResult{.prompt_id = 9})).ok());
  const std::vector<Completion> gap = {MakeCompletion(0), MakeCompletion(2)};
  EXPECT_THAT(FromProto(ToProto(GroupResult{9, gap})).status().message(),
              HasSubstr("sample index 2 where 1"));
  const std::vector<Completion> twice = {MakeCompletion(0), MakeCompletion(0)};
  EXPECT_FALSE(FromProto(ToProto(GroupResult{9, twice})).ok());
  Completion bad = MakeCompletion(0);
  bad.logprobs.pop_back();
  EXPECT_THAT(FromProto(ToProto(GroupResult{9, {bad}})).status().message(),
              HasSubstr("FinishedGroup 9, completion 0"));
}

}  // namespace
}  // namespace hone
