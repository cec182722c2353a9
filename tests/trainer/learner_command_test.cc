#include "trainer/learner_command.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

LearnerCommand Sample() {
  LearnerCommand command;
  command.kind = LearnerCommand::Kind::kPolicyGradient;
  command.stage = 3;
  command.temperature = 0.7f;
  command.lr = 1e-6;
  command.version = 77;
  command.checkpoint = "checkpoints/step-000009";
  command.batch.sequences = {{{1, 2, 3}, 2}, {{4}, 1}};
  command.batch.groups = {0, 7};
  command.batch.rewards = {1, 0};
  command.batch.advantages = {0.5, -0.5};
  command.batch.weights = {0.1, 0.2};
  command.batch.rollout_logprobs = {{-0.1f}, {}};
  command.batch.ref_logprobs = {{-0.2f}, {-0.3f, -0.4f}};
  return command;
}

TEST(LearnerCommand, ArrivesAsItWasSent) {
  const LearnerCommand sent = Sample();
  const auto got = DecodeLearnerCommand(Encode(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->kind, sent.kind);
  EXPECT_EQ(got->stage, 3);
  EXPECT_EQ(got->temperature, 0.7f);
  EXPECT_EQ(got->lr, 1e-6);
  EXPECT_EQ(got->version, 77u);
  EXPECT_EQ(got->checkpoint, sent.checkpoint);
  ASSERT_EQ(got->batch.sequences.size(), 2u);
  EXPECT_EQ(got->batch.sequences[0].tokens, sent.batch.sequences[0].tokens);
  EXPECT_EQ(got->batch.sequences[0].prompt_size, 2);
  EXPECT_EQ(got->batch.groups, sent.batch.groups);
  EXPECT_EQ(got->batch.rewards, sent.batch.rewards);
  EXPECT_EQ(got->batch.advantages, sent.batch.advantages);
  EXPECT_EQ(got->batch.weights, sent.batch.weights);
  EXPECT_EQ(got->batch.rollout_logprobs, sent.batch.rollout_logprobs);
  EXPECT_TRUE(got->batch.old_logprobs.empty());
  EXPECT_EQ(got->batch.ref_logprobs, sent.batch.ref_logprobs);
}

TEST(LearnerCommand, BrokenBytesAreRefused) {
  const std::string bytes = Encode(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeLearnerCommand(bytes.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeLearnerCommand(bytes + "x").ok());
  std::string huge = bytes;
  huge.replace(28, 8, 8, '\xff');  // a length
  EXPECT_FALSE(DecodeLearnerCommand(huge).ok());
}

}  // namespace
}  // namespace hone
